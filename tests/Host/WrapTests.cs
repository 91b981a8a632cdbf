using System.Runtime.InteropServices;
using GpuOptim.Host;
using GpuOptim.Optimizers;

namespace GpuOptim.Tests.Host;

/// <summary>Memory that an engine has already is used where it is.</summary>
public sealed unsafe class WrapTests
{
    [Test]
    public void AnArrayIsUpdatedInPlace()
    {
        using var device = new SimdDevice();
        float[] weights = [1, 2, 3], gradients = [1, 1, 1];
        using var parameter = new Parameter<float>("w", [3], device.Wrap(weights), device.Wrap(gradients));
        using var optimizer = new Sgd([parameter], new() { LearningRate = 0.5 });
        GC.Collect();
        optimizer.Step();
        Assert.That(weights, Is.EqualTo(new[] { 0.5f, 1.5f, 2.5f }));
    }

    [Test]
    public void APartOfAnArrayIsUpdatedInPlace()
    {
        using var device = new SimdDevice();
        float[] weights = [1, 2, 3, 4];
        using var parameter = new Parameter<float>("w", [2], device.Wrap(weights.AsMemory(1, 2)));
        parameter.Gradient.Span.Fill(1);
        using var optimizer = new Sgd([parameter], new() { LearningRate = 0.5 });
        optimizer.Step();
        Assert.That(weights, Is.EqualTo(new[] { 1, 1.5f, 2.5f, 4 }));
    }

    [Test]
    public void NativeMemoryIsUpdatedInPlaceWhereverItBegins()
    {
        using var device = new SimdDevice();
        var block = (float*)NativeMemory.AllocZeroed(200, sizeof(float));
        for (var offset = 0; offset < 17; offset++)
        {
            new Span<float>(block, 200).Clear();
            using var parameter = new Parameter<float>("w", [101], device.Wrap(block + offset, 101));
            parameter.Gradient.Span.Fill(-1);
            using var optimizer = new Sgd([parameter], new() { LearningRate = 1 });
            optimizer.Step();
            Assert.That(new Span<float>(block, 200).IndexOf(1f), Is.EqualTo(offset));
            Assert.That(new Span<float>(block, 200).Count(1f), Is.EqualTo(101));
        }
        NativeMemory.Free(block);
    }

    [Test]
    public void WrappedMemoryOutlivesTheBuffer()
    {
        float[] values = [1, 2];
        using (var device = new SimdDevice())
        {
            var buffer = device.Wrap(values);
            buffer.CopyFrom([5]);
            buffer.Dispose();
            Assert.That(() => buffer.ToArray(), Throws.TypeOf<ObjectDisposedException>());
        }
        Assert.That(values, Is.EqualTo(new float[] { 5, 2 }));
    }

    [Test]
    public void WrongPointersAreRefused()
    {
        using var device = new SimdDevice();
        Assert.That(() => device.Wrap((float*)null, 1), Throws.ArgumentNullException);
        Assert.That(() => device.Wrap((float*)6, 1), Throws.ArgumentException.With.Message.Contains("pointer must be a multiple of 4, the size of an element. Actual value was 0x6."));
        Assert.That(() => device.Wrap((float*)8, -1), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("length must be at least 0."));
        Assert.That(() => device.Wrap(new int[3]), Throws.TypeOf<NotSupportedException>().With.Message.Contains("Actual type was Int32."));
        using var empty = device.Wrap((float*)null, 0);
        Assert.That(empty.Length, Is.Zero);
    }
}
