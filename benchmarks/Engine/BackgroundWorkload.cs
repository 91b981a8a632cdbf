using System.Diagnostics;

namespace GpuOptim.Benchmarks.Engine;

/// <summary>How long a call holds its caller up that goes on in the background; the rest is waited for, and not counted.</summary>
internal sealed class BackgroundWorkload(Func<Task> start) : IWorkload
{
    public double Run(int repetitions)
    {
        var held = 0.0;
        for (var i = 0; i < repetitions; i++)
        {
            var before = Stopwatch.GetTimestamp();
            var task = start();
            held += Ticks.SecondsSince(before);
            task.Wait();
        }
        return held / repetitions;
    }
}
