using System.Diagnostics;

namespace GpuOptim.Benchmarks.Engine;

/// <summary>Time as finely as the system has it; a <see cref="TimeSpan"/> has steps of 100 nanoseconds.</summary>
internal static class Ticks
{
    /// <summary>Seconds since a timestamp of the stopwatch, never zero: what can be divided by.</summary>
    public static double SecondsSince(long start) => Seconds(Stopwatch.GetTimestamp() - start);

    /// <summary>Ticks of the stopwatch in seconds, never zero.</summary>
    public static double Seconds(long ticks) => (double)Math.Max(1, ticks) / Stopwatch.Frequency;
}
