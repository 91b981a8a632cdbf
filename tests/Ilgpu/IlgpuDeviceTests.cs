using GpuOptim.Host;
using GpuOptim.Host.Ilgpu;
using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Rules;
using GpuOptim.Optimizers;
using GpuOptim.Tests.Support;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace GpuOptim.Tests.Ilgpu;

/// <summary>An engine's accelerator, memory and stream. What all devices do, <see cref="TestDevice"/> has tested on this one, too.</summary>
public sealed class IlgpuDeviceTests
{
    private Context _context = null!;
    private CPUAccelerator _accelerator = null!;

    [SetUp]
    public void MakeEngine()
    {
        _context = Context.Create(builder => builder.CPU(new CPUDevice(4, 1, 2)));
        _accelerator = _context.CreateCPUAccelerator(0);
    }

    [TearDown]
    public void CloseEngine()
    {
        _accelerator.Dispose();
        _context.Dispose();
    }

    /// <summary>The engine's buffers are updated in place, wherever in them a tensor begins.</summary>
    [Test]
    public void StepsOnTheEnginesBuffersAndStream([Values(0, 1, 4)] int start)
    {
        float[] numbers = [.. Enumerable.Range(0, 5000).Select(i => MathF.Sin(i))], slopes = [.. Enumerable.Range(0, 5000).Select(i => MathF.Cos(i))];
        using var stream = _accelerator.CreateStream();
        using var data = _accelerator.Allocate1D(numbers);
        using var gradient = _accelerator.Allocate1D(slopes);
        using (var device = new IlgpuDevice(_accelerator, stream))
        {
            var length = numbers.Length - start;
            var parameter = new Parameter<float>("w", [length], device.Wrap<float>(data.View.SubView(start, length)), device.Wrap<float>(gradient.View.SubView(start, length)));
            using var optimizer = new AdamW([parameter]);
            optimizer.Step();
            device.Synchronize();
        }

        using var simd = new SimdDevice();
        using var expected = simd.CreateParameter<float>("w", [numbers.Length - start], numbers.AsSpan(start));
        expected.Gradient.CopyFrom(slopes.AsSpan(start));
        using var reference = new AdamW([expected]);
        reference.Step();
        // The device is gone; accelerator and memory are still the engine's.
        Bits.AreEqual<float>(data.GetAsArray1D(), [.. numbers[..start], .. expected.Data.ToArray()], "data");
    }

    [Test]
    public void WhatLiesElsewhereIsRefused()
    {
        using var other = _context.CreateCPUAccelerator(0);
        using var elsewhere = other.Allocate1D<float>(4);
        using var device = new IlgpuDevice(_accelerator);
        using var simd = new SimdDevice();
        using var batch = simd.CreateUpdateBatch(ElementType.Float32, ElementType.Float32, []);
        Assert.That(() => device.Wrap<float>(elsewhere.View), Throws.ArgumentException.With.Message.Contains("view must lie on the device's accelerator"));
        Assert.That(() => device.Wrap<float>(default(ArrayView<float>)), Throws.ArgumentException.With.Message.Contains("view must hold at least one element. Actual length was 0."));
        Assert.That(() => device.Update<SgdRule>([], batch), Throws.ArgumentException.With.Message.Contains("batch must have been made by device 'ilgpu-cpu'. Actual type was SimdUpdateBatch."));
        Assert.That(() => new IlgpuDevice(null!), Throws.ArgumentNullException);
    }

    /// <summary>A rule that would arrive garbled on a GPU.</summary>
    [Test]
    public void ARuleThatAGpuLaysOutInAnotherWayIsRefused()
    {
        using var device = new IlgpuDevice(_accelerator);
        using var batch = device.CreateUpdateBatch(ElementType.Float32, ElementType.Float32, []);
        Assert.That(() => device.Update<BoolRule>([default], batch), Throws.TypeOf<NotSupportedException>().With.Message.Contains("Fields of rules must be float, int or Flag. BoolRule.").And.Message.Contains("is Boolean"));
        Assert.That(() => device.Update<AdamRule>([default], batch), Throws.Nothing);
    }

    [Test]
    public void NoUseAfterDispose()
    {
        var device = new IlgpuDevice(_accelerator);
        var buffer = device.CreateBuffer<float>(3);
        device.Dispose();
        Assert.That(device.Synchronize, Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => device.CreateBuffer<float>(1), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => buffer.ToArray(), Throws.TypeOf<ObjectDisposedException>());
    }

    private readonly record struct BoolRule(bool Ascend) : IUpdateRule
    {
        public static int StateCount => 0;

        public void Apply<T>(ref T parameter, T gradient, ref T state0, ref T state1, ref T state2) where T : struct, ILane<T> =>
            parameter = Ascend ? gradient : gradient.Neg();
    }
}
