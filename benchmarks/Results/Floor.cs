namespace GpuOptim.Benchmarks.Results;

/// <summary>What the machine's own speed allows something to take.</summary>
/// <param name="Name">The yardstick of the same race that it follows from: <c>triad</c>.</param>
/// <param name="Seconds">The seconds that it allows.</param>
/// <param name="Share">The floor as a share of what it took, the median over the rounds.</param>
/// <param name="From">What it follows from, for people.</param>
internal sealed record Floor(string Name, double Seconds, double Share, string From);
