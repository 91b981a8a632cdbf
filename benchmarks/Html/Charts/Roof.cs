namespace GpuOptim.Benchmarks.Html.Charts;

/// <summary>A level of memory: what it can carry, and what was reached there.</summary>
/// <param name="Name">L1, L2, L3 or memory.</param>
/// <param name="GigabytesPerSecond">What the triad carries.</param>
/// <param name="Points">What was reached.</param>
internal sealed record Roof(string Name, double GigabytesPerSecond, IReadOnlyList<RoofPoint> Points);
