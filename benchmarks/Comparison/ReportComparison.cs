using GpuOptim.Benchmarks.Results;

namespace GpuOptim.Benchmarks.Comparison;

/// <summary>What changed between two reports.</summary>
/// <param name="Changes">The figures that both have.</param>
/// <param name="Missing">Those that only the first has.</param>
internal sealed record ReportComparison(IReadOnlyList<Change> Changes, IReadOnlyList<FigureKey> Missing)
{
    /// <summary>Figures of this library that are slower, the most first.</summary>
    public IReadOnlyList<Change> Regressions => [.. Changes.Where(change => change.Verdict == Verdict.Slower && change.Key.By == Figure.Ours).OrderByDescending(change => change.Ratio)];

    /// <summary>The share of figures whose intervals hold some of the other's.</summary>
    public double Agreement => Changes.Count == 0 ? 1 : (double)Changes.Count(change => change.Agree) / Changes.Count;

    public static ReportComparison Of(Report before, Report after)
    {
        var (old, now) = (Figures(before), Figures(after));
        return new(
            [.. old.Where(pair => now.ContainsKey(pair.Key)).Select(pair => Change.Of(pair.Key, pair.Value, now[pair.Key]))],
            [.. old.Keys.Where(key => !now.ContainsKey(key))]);
    }

    /// <summary>Figures by what they are of; the first of each, where a report has it twice.</summary>
    private static Dictionary<FigureKey, (Race Race, Figure Figure)> Figures(Report report) => report.Races()
        .SelectMany(each => each.Race.Figures.Select(figure => (Key: FigureKey.Of(each.Chapter, each.Race, figure), Value: (each.Race, figure))))
        .DistinctBy(pair => pair.Key)
        .ToDictionary(pair => pair.Key, pair => pair.Value);
}
