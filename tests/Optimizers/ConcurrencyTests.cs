using GpuOptim.Host;
using GpuOptim.Optimizers;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Optimizers;

public sealed class ConcurrencyTests
{
    [Test]
    public void OptimizersStepAtTheSameTime()
    {
        using var device = new SimdDevice(threads: 4);
        using var single = new SimdDevice(threads: 1);
        Parallel.For(0, 6, seed =>
        {
            using var model = new RandomModel<float>(device, [100_000, 77], seed);
            using var alone = new RandomModel<float>(single, [100_000, 77], seed);
            using var optimizer = new AdamW(model.Parameters);
            using var expected = new AdamW(alone.Parameters);
            for (var t = 0; t < 10; t++)
            {
                model.NextGradients();
                alone.NextGradients();
                optimizer.Step();
                expected.Step();
            }
            StepTests.AssertSame(model.Data(), alone.Data());
        });
    }
}
