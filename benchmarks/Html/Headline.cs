namespace GpuOptim.Benchmarks.Html;

/// <summary>A number that sums up a chapter.</summary>
/// <param name="Value">The number.</param>
/// <param name="Text">What it counts.</param>
/// <param name="Detail">Of what.</param>
/// <param name="Chapter">Where it comes from.</param>
internal sealed record Headline(string Value, string Text, string Detail, string Chapter);
