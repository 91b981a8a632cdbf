using GpuOptim.Benchmarks.Results;
using GpuOptim.Optimizers;
using GpuOptim.Samples.Mnist;

namespace GpuOptim.Benchmarks.Precision;

/// <summary>Trains in every mode, with every seed.</summary>
internal sealed class PrecisionStudy
{
    private const double Decay = 0.999;

    private static readonly (string Name, AveragePrecision Precision)[] _averages =
    [
        ("float32", AveragePrecision.Float32),
        ("bfloat16, stochastic", AveragePrecision.StochasticBFloat16),
        ("bfloat16, nearest", AveragePrecision.SameAsParameter),
    ];

    private readonly TrainingPlan _plan;

    private PrecisionStudy(TrainingPlan plan, IReadOnlyList<Comparison> modes, IReadOnlyList<Comparison> averages) => (_plan, Modes, Averages) = (plan, modes, averages);

    /// <summary>The modes, compared with float32.</summary>
    public IReadOnlyList<Comparison> Modes { get; }

    /// <summary>Exponential averages of bfloat16 parameters, compared with those in float32.</summary>
    public IReadOnlyList<Comparison> Averages { get; }

    public string Description =>
        $"{_plan.Digits:N0} digits, network {Digits.Pixels}-{_plan.Hidden}-{Digits.Classes}, {_plan.Steps:N0} steps of {_plan.Batch} digits, {(_plan.IsMuon ? "Muon and AdamW" : "AdamW")} with Beta2 {_plan.Beta2:0.###}, cosine to 0, {_plan.Seeds.Count} seeds";

    /// <summary>Trains.</summary>
    /// <param name="plan">How.</param>
    /// <param name="threads">How many runs go on side by side. What comes of them is the same.</param>
    /// <param name="ended">Called after each run.</param>
    public static PrecisionStudy Run(TrainingPlan plan, int threads, Action? ended = null)
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "data");
        var (training, test) = (Digits.Load(folder, "train"), Digits.Load(folder, "test"));
        var modes = TrainingMode.All.Select(mode => (Name: mode.FullName, Outcomes: new Outcome[plan.Seeds.Count])).ToArray();
        var averages = _averages.Select(average => (average.Name, Outcomes: new Outcome[plan.Seeds.Count])).ToArray();
        var runs = from seed in Enumerable.Range(0, plan.Seeds.Count) from mode in Enumerable.Range(0, modes.Length) select (mode, seed);
        Parallel.ForEach(runs, new ParallelOptions { MaxDegreeOfParallelism = threads }, each =>
        {
            var (mode, seed) = each;
            using var run = new DigitRun(TrainingMode.All[mode], plan, plan.Seeds[seed]);
            WeightAverage[] kept = run.Mode == TrainingMode.Remainder ? [.. _averages.Select(average => WeightAverage.Exponential(run.Tensors.Parameters, Decay, precision: average.Precision, roundingSeed: plan.Seeds[seed]))] : [];
            run.Train(training, () => Array.ForEach(kept, average => average.Update()));
            modes[mode].Outcomes[seed] = run.Evaluate(training, test);
            for (var i = 0; i < kept.Length; i++)
            {
                kept[i].Swap();
                averages[i].Outcomes[seed] = run.Evaluate(training, test);
                kept[i].Swap();
                kept[i].Dispose();
            }
            ended?.Invoke();
        });
        return new(
            plan,
            [.. modes.Select(mode => new Comparison(mode.Name, mode.Outcomes, modes[0].Outcomes))],
            [.. averages.Select(average => new Comparison(average.Name, average.Outcomes, averages[0].Outcomes))]);
    }

    /// <summary>The tables that are printed, as documents have them.</summary>
    public IEnumerable<string> Lines()
    {
        yield return "| | bytes a parameter | loss | spread | accuracy | spread | within float32's seeds |";
        yield return "|---|--:|--:|--:|--:|--:|---|";
        foreach (var (mode, result) in TrainingMode.All.Zip(Modes))
            yield return $"| {result.Name} | {Text.Number(MemoryOfMode.Of(mode, _plan.IsMuon ? 1 : 2).Held, 2)} | {Row(result)} |";
        yield return "";
        yield return "| average of bfloat16 parameters | bytes a parameter | loss | spread | accuracy | spread | within float32's seeds |";
        yield return "|---|--:|--:|--:|--:|--:|---|";
        foreach (var (average, result) in _averages.Zip(Averages))
            yield return $"| {result.Name} | {(average.Precision == AveragePrecision.Float32 ? 4 : 2)} | {Row(result)} |";
    }

    private static string Row(Comparison result) => string.Join(" | ", Text.Number(result.Loss, 5), Text.Number(result.LossSpread, 5), Percent(result.Accuracy), Percent(result.AccuracySpread), result.Verdict);

    private static string Percent(double share) => $"{Text.Number(share * 100, 2)} %";
}
