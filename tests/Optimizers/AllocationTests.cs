using GpuOptim.Host;
using GpuOptim.Optimizers;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Optimizers;

[NonParallelizable]
public sealed class AllocationTests
{
    /// <summary>Process-wide, so that the threads of the pool count too; the smallest of ten, so that a stranger's allocation does not.</summary>
    [Test]
    public void StepAllocatesNothingAfterTheFirst(
        [ValueSource(typeof(OptimizerVariant), nameof(OptimizerVariant.WholeTensorsAndOnTheCpu))] OptimizerVariant variant, [Values("", "norm", "value")] string clipping)
    {
        using var device = new SimdDevice();
        using var model = new RandomModel<float>(device, [200_000, 5, 0, .. Enumerable.Repeat(100, 50)]);
        using var optimizer = variant.Create(model.Parameters);
        optimizer.GradientClipping = clipping switch { "norm" => GradientClipping.ByNorm(1), "value" => GradientClipping.ByValue(0.5), _ => null };
        model.NextGradients();
        optimizer.Step();
        optimizer.ZeroGradients();

        var allocated = new long[10];
        for (var i = 0; i < allocated.Length; i++)
        {
            model.Parameters[3].HasGradient = i % 2 == 0;
            var before = GC.GetTotalAllocatedBytes(precise: true);
            optimizer.Step();
            optimizer.ZeroGradients();
            allocated[i] = GC.GetTotalAllocatedBytes(precise: true) - before;
        }
        Assert.That(allocated.Min(), Is.Zero);
    }
}
