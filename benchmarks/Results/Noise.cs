namespace GpuOptim.Benchmarks.Results;

/// <summary>How still the machine was.</summary>
/// <param name="Gigahertz">The clock, from a chain of multiply-adds in registers, if these take four cycles each, as on today's x86 and Arm cores.</param>
/// <param name="ClockSpread">Half the distance between the quartiles of that chain's time, as a share of its median.</param>
/// <param name="StolenShare">The share of the machine's time that its host gave to others; null if the system does not say.</param>
/// <param name="Load">Runnable threads when the run began, the average of a minute; null if the system does not say.</param>
/// <param name="Warnings">What to know before figures are believed.</param>
internal sealed record Noise(double Gigahertz, double ClockSpread, double? StolenShare, double? Load, IReadOnlyList<string> Warnings);
