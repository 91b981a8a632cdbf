using GpuOptim.Host;
using GpuOptim.Host.Ilgpu;
using GpuOptim.Kernels.Ilgpu;
using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Rules;
using GpuOptim.Optimizers;
using GpuOptim.Tests.Support;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;

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

    /// <summary>What one of a model's optimizers did alone, the model's next step knows of: where gradients are.</summary>
    [Test]
    public void APartOfAModelMayStepAlone()
    {
        using var reference = new SimdDevice(threads: 1);
        using var device = new IlgpuDevice(_accelerator);
        Assert.That(Train(device), Is.EqualTo(Train(reference)));

        static float[] Train(GpuOptim.Host.Device device)
        {
            using var model = new RandomModel<float>(device, [5, 7]);
            using var optimizer = new ModelOptimizer(
                model.Parameters, Assignment.Where("first", parameter => parameter == model.Parameters[0], new AdamWOptions { LearningRate = 0.1 }), Assignment.Rest(new SgdOptions()));
            model.NextGradients();
            for (var step = 0; step < 3; step++)
                optimizer.Step();
            using var other = device.CreateBuffer<float>([1, -2, 3, -4, 5]);
            model.Parameters[0].Gradient = other;
            optimizer.Optimizers[0].Step();
            optimizer.Optimizers[0].Step();
            optimizer.Step();
            return model.Data()[0];
        }
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

    /// <summary>Memory that is known by its address alone is updated, copied and cleared like any other.</summary>
    [Test]
    public void StepsOnThePointersOfTheEngine()
    {
        using var memory = _accelerator.Allocate1D<float>([9, 1, 2, 3, 9]);
        using var device = new IlgpuDevice(_accelerator);
        var data = device.Wrap<float>(memory.NativePtr + sizeof(float), 3);
        var parameter = new Parameter<float>("w", [3], data);
        parameter.Gradient.CopyFrom([1f, 1f, 1f]);
        using var optimizer = new Sgd([parameter], new() { LearningRate = 0.5 });
        optimizer.Step();
        Assert.That(data.ToArray(), Is.EqualTo([0.5f, 1.5f, 2.5f]));
        data.CopyFrom([4f, 5f, 6f]);
        Assert.That(memory.GetAsArray1D(), Is.EqualTo([9f, 4, 5, 6, 9]));
        // Buffers may overlap, and one may go before the other.
        using var all = device.Wrap<float>(memory.View);
        data.Clear();
        data.Dispose();
        Assert.That(all.ToArray(), Is.EqualTo([9f, 0, 0, 0, 9]));
        Assert.That(memory.GetAsArray1D(), Is.EqualTo([9f, 0, 0, 0, 9]));

        Assert.That(() => device.Wrap<float>(0, 1), Throws.ArgumentException.With.Message.Contains("pointer must be a multiple of 4 and not null. Actual value was 0x0."));
        Assert.That(() => device.Wrap<float>(memory.NativePtr + 2, 1), Throws.ArgumentException.With.Message.Contains("pointer must be a multiple of 4"));
        Assert.That(() => device.Wrap<float>(memory.NativePtr, 0), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    /// <summary>A program that asks for ILGPU gets it, with a card or without.</summary>
    [Test]
    public void AnyIlgpuDeviceIsTheBestOne()
    {
        var best = GpuOptim.Host.Device.All.First(info => info.Name is "cuda" or "ilgpu-cpu").Name;
        using var named = GpuOptim.Host.Device.Open("ILGPU");
        using var opened = IlgpuDevice.Open();
        Assert.That((named.Name, opened.Name), Is.EqualTo((best, best)));
        Assert.That(named, Is.InstanceOf<IlgpuDevice>());
        if (best != "cuda")
            Assert.That(() => GpuOptim.Host.Device.Open("cuda"), Throws.ArgumentException.With.Message.Contains("simd, ilgpu-cpu").And.Message.Contains("Actual value was 'cuda'."));
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

    /// <summary>CUDA tells of a kernel's fault in some later call, which may be ours.</summary>
    [Test]
    public void AFaultOfAnEarlierKernelIsCalledThat()
    {
        var failure = new CudaException("an illegal memory access was encountered");
        var explained = IlgpuQueue.ExplainFault(failure, "a step by AdamRule");
        Assert.That(explained.Message, Does.StartWith("CUDA answered 'an illegal memory access was encountered' to a step by AdamRule. The fault may be that of an earlier kernel"));
        Assert.That(explained.InnerException, Is.SameAs(failure));
    }

    /// <summary>Where all tensors are short, a multiprocessor has room for more of them.</summary>
    [TestCase(1, 32)]
    [TestCase(100, 32)]
    [TestCase(129, 64)]
    [TestCase(1000, 256)]
    [TestCase(4096, 256)]
    public void ShortChunksAreTakenByFewThreads(int longestChunk, int threads) => Assert.That(UpdateKernel.GroupSizeFor(longestChunk), Is.EqualTo(threads));

    /// <summary>More uploads under way than the ring has slots, and one larger than a slot.</summary>
    [Test]
    public void UploadsArriveWholeHoweverManyThereAre()
    {
        using var ring = new IlgpuUploadRing(_accelerator, _accelerator.DefaultStream);
        using var buffer = _accelerator.Allocate1D<byte>(100_000);
        for (var i = 0; i < 3 * IlgpuUploadRing.Length; i++)
        {
            byte[] bytes = [.. Enumerable.Range(i, i % 7 == 0 ? 100_000 : 100).Select(value => (byte)value)];
            ring.Upload(bytes, buffer.View.BaseView.SubView(0, bytes.Length));
            Assert.That(buffer.View.BaseView.SubView(0, bytes.Length).GetAsArray(), Is.EqualTo(bytes));
        }
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
