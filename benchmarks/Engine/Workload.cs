using System.Diagnostics;

namespace GpuOptim.Benchmarks.Engine;

/// <summary>Work done by calling a function here.</summary>
internal sealed class Workload(Action work) : IWorkload
{
    public double Run(int repetitions)
    {
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < repetitions; i++)
            work();
        return Ticks.SecondsSince(start) / repetitions;
    }
}
