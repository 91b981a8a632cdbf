using GpuOptim.Host;
using GpuOptim.Optimizers;

namespace GpuOptim.Tests.Optimizers;

public sealed class VeryLargeTests
{
    /// <summary>More elements than an int counts; needs 9 GB, so it runs when asked for by name.</summary>
    [Test, Explicit("needs 9 GB of memory")]
    public void MoreElementsThanAnIntCounts()
    {
        const long Length = (1L << 31) + 5;
        using var device = new SimdDevice();
        using var parameter = device.CreateParameter<BFloat16>("p", [Length]);
        BFloat16[] ones = [(BFloat16)1f];
        foreach (var place in new[] { 0, 1L << 31, Length - 1 })
            parameter.Gradient.CopyFrom(ones, place);
        using var sgd = new Sgd([parameter], new() { LearningRate = 0.5 });
        sgd.Step();
        var tail = new BFloat16[6];
        parameter.Data.CopyTo(tail, Length - 6);
        Assert.That(tail.Select(value => (float)value), Is.EqualTo(new[] { 0, -0.5f, 0, 0, 0, -0.5f }));
        parameter.Data.CopyTo(tail, 0);
        Assert.That(tail.Select(value => (float)value), Is.EqualTo(new[] { -0.5f, 0, 0, 0, 0, 0 }));
    }
}
