using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace GpuOptim.Benchmarks.Engine;

/// <summary>A loop that touches no memory and waits for itself alone. Nothing but the clock of its core, and who takes the core away, changes what it takes.</summary>
internal static class RegisterLoop
{
    private const int Steps = 250_000;

    /// <summary>A multiplication and an addition, each waiting for the one before: 3 + 1 cycles.</summary>
    private const int CyclesAStep = 4;

    private static readonly double[] _seconds = new double[Environment.ProcessorCount];

    private static ulong _sink;

    /// <summary>Seconds that it takes once on every core at the same time: those of the slowest.</summary>
    public static double Run()
    {
        using var together = new Barrier(_seconds.Length);
        var threads = Enumerable.Range(1, _seconds.Length - 1).Select(i => new Thread(() => Time(i, together))).ToArray();
        foreach (var thread in threads)
            thread.Start();
        Time(0, together);
        foreach (var thread in threads)
            thread.Join();
        return _seconds.Max();
    }

    /// <summary>The clock, in GHz, of what it took.</summary>
    public static double Gigahertz(double seconds) => (double)Steps * CyclesAStep / seconds / 1e9;

    private static void Time(int thread, Barrier together)
    {
        together.SignalAndWait();
        // A core that slept is not at its clock yet.
        var x = Chain((ulong)thread);
        var start = Stopwatch.GetTimestamp();
        x = Chain(x);
        _seconds[thread] = Ticks.SecondsSince(start);
        Volatile.Write(ref _sink, x);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static ulong Chain(ulong x)
    {
        for (var i = 0; i < Steps; i++)
            x = x * 6364136223846793005 + 1442695040888963407;
        return x;
    }
}
