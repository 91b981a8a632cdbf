namespace GpuOptim.Benchmarks.Results;

/// <summary>What ran in the same rounds, so that it can be compared.</summary>
/// <param name="Name">What the race is about, for people.</param>
/// <param name="Setting">The same for programs: <c>layout</c>, <c>type</c>, <c>threads</c>, ...</param>
/// <param name="Clock">Seconds of the register-only loop, for each pass and round: whatever it varies by, the machine does.</param>
/// <param name="Figures">What was measured, yardsticks first.</param>
internal sealed record Race(string Name, IReadOnlyDictionary<string, string> Setting, double[][] Clock, IReadOnlyList<Figure> Figures)
{
    /// <summary>The fastest of others on a figure's subject; null if there is none.</summary>
    public Figure? BestRivalOf(Figure figure) => Figures
        .Where(other => other.Subject == figure.Subject && other.By != figure.By && figure.By == Figure.Ours)
        .MinBy(other => other.Median);
}
