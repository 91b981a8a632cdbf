using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace GpuOptim.Benchmarks.Engine;

/// <summary>A loop that touches no memory and waits for itself alone. Nothing but the clock of its core, and who takes the core away, changes what it takes.</summary>
internal static class RegisterLoop
{
    private const int Steps = 250_000;

    /// <summary>A multiplication and an addition, each waiting for the one before: 3 + 1 cycles.</summary>
    private const int CyclesAStep = 4;

    private static ulong _sink;

    /// <summary>Seconds that it takes once.</summary>
    public static double Run()
    {
        // A core that slept is not at its clock yet.
        _sink = Chain(_sink);
        var start = Stopwatch.GetTimestamp();
        _sink = Chain(_sink);
        return Ticks.SecondsSince(start);
    }

    /// <summary>The clock, in GHz, of what it took.</summary>
    public static double Gigahertz(double seconds) => (double)Steps * CyclesAStep / seconds / 1e9;

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static ulong Chain(ulong x)
    {
        for (var i = 0; i < Steps; i++)
            x = x * 6364136223846793005 + 1442695040888963407;
        return x;
    }
}
