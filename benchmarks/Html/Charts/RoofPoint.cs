namespace GpuOptim.Benchmarks.Html.Charts;

/// <summary>An optimizer below a roof.</summary>
/// <param name="Subject">Which one.</param>
/// <param name="Intensity">Operations for each byte that it must move.</param>
/// <param name="Gigaflops">Operations that it reached, in thousand millions a second.</param>
/// <param name="Divider">What the divide unit would allow it; null if it does not divide.</param>
internal sealed record RoofPoint(string Subject, double Intensity, double Gigaflops, double? Divider);
