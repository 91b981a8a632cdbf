using GpuOptim.Benchmarks.Results;

namespace GpuOptim.Benchmarks.Comparison;

/// <summary>What a figure is of, the same in each report.</summary>
internal sealed record FigureKey(string Verb, string Setting, string Subject, string By)
{
    public static FigureKey Of(Chapter chapter, Race race, Figure figure) =>
        new(chapter.Verb, string.Join(' ', race.Setting.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}={pair.Value}")), figure.Subject, figure.By);

    public override string ToString() => $"{Verb}: {Subject}{(By == Figure.Ours ? "" : $", {By}")} ({Setting})";
}
