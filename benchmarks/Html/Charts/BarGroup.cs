namespace GpuOptim.Benchmarks.Html.Charts;

/// <summary>Those who did the same.</summary>
/// <param name="Name">What they did.</param>
/// <param name="Bars">What each reached, ours first.</param>
internal sealed record BarGroup(string Name, IReadOnlyList<Bar> Bars);
