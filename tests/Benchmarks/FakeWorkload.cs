using GpuOptim.Benchmarks.Engine;

namespace GpuOptim.Tests.Benchmarks;

/// <summary>Work that says what it took.</summary>
internal sealed class FakeWorkload(Func<double> seconds) : IWorkload
{
    public int Runs { get; private set; }

    public double Run(int repetitions)
    {
        Runs += repetitions;
        return seconds();
    }
}
