namespace GpuOptim.Benchmarks.Precision;

/// <summary>What came of a mode: an outcome for each seed, beside those of float32.</summary>
/// <param name="Name">The mode's name.</param>
/// <param name="Outcomes">One for each seed.</param>
/// <param name="Reference">Those of what it is compared with.</param>
internal sealed record Comparison(string Name, IReadOnlyList<Outcome> Outcomes, IReadOnlyList<Outcome> Reference)
{
    public double Loss => Outcomes.Average(outcome => outcome.Loss);

    public double LossSpread => Spread(outcome => outcome.Loss);

    public double Accuracy => Outcomes.Average(outcome => outcome.Accuracy);

    public double AccuracySpread => Spread(outcome => outcome.Accuracy);

    /// <summary>Whether the mean loss lies between the lowest and the highest of the reference's seeds, and the mean accuracy, too.</summary>
    public string Verdict
    {
        get
        {
            string[] outside =
            [
                .. Outside("loss", Loss, outcome => outcome.Loss),
                .. Outside("accuracy", Accuracy, outcome => outcome.Accuracy),
            ];
            return outside.Length == 0 ? "yes" : string.Join(", ", outside);
        }
    }

    private double Spread(Func<Outcome, double> value) => Outcomes.Max(value) - Outcomes.Min(value);

    private IEnumerable<string> Outside(string name, double mean, Func<Outcome, double> value)
    {
        // Three equal numbers may have a mean that is not quite theirs.
        const double Rounding = 1e-9;
        if (mean > Reference.Max(value) + Rounding)
            yield return name + " above";
        else if (!(mean >= Reference.Min(value) - Rounding))
            yield return name + " below";
    }
}
