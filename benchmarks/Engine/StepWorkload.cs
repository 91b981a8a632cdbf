using System.Diagnostics;

namespace GpuOptim.Benchmarks.Engine;

/// <summary>Steps of an optimizer, without what is done between them.</summary>
/// <param name="step">A step.</param>
/// <param name="between">What to do before each step, untimed.</param>
internal sealed class StepWorkload(Action step, Action between) : IWorkload
{
    /// <summary>Managed bytes that the last step allocated.</summary>
    public long Bytes { get; private set; }

    /// <summary>When the last step began, in ticks of the stopwatch.</summary>
    public long Start { get; private set; }

    public double Run(int repetitions)
    {
        var ticks = 0L;
        for (var i = 0; i < repetitions; i++)
        {
            between();
            var bytes = GC.GetAllocatedBytesForCurrentThread();
            Start = Stopwatch.GetTimestamp();
            step();
            ticks += Stopwatch.GetTimestamp() - Start;
            Bytes = GC.GetAllocatedBytesForCurrentThread() - bytes;
        }
        return Ticks.Seconds(ticks) / repetitions;
    }
}
