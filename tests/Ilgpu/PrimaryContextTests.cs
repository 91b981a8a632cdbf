using GpuOptim.Host;
using GpuOptim.Host.Ilgpu;
using GpuOptim.Optimizers;
using GpuOptim.Tests.Support;
using GpuOptim.Tests.VirtualCard;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace GpuOptim.Tests.Ilgpu;

/// <summary>An engine on CUDA's runtime: its memory, streams and events, its threads' contexts, and in which order things may go.</summary>
[Category("Card")]
public sealed class PrimaryContextTests
{
    private const int Length = 5000;

    private static readonly float[] _numbers = [.. Enumerable.Range(0, Length).Select(i => MathF.Sin(i))];
    private static readonly float[] _slopes = [.. Enumerable.Range(0, Length).Select(i => MathF.Cos(i))];

    private static int DeviceCount => CudaDevice.GetDevices(_ => true).Length;

    [OneTimeSetUp]
    public void FindCard()
    {
        if (IlgpuDevice.CudaDescription is null)
            Assert.Ignore("There is no CUDA device.");
    }

    [SetUp]
    public void LeaveContexts()
    {
        Accelerator.Current?.Bind();
        CudaScope.CurrentOf(null) = null;
        _ = CudaAPI.CurrentAPI.SetCurrentContext(0);
        Assert.That(CudaDriver.CurrentContext, Is.EqualTo((nint)0));
    }

    [TearDown]
    public void NobodyKeepsAPrimaryContext() => Assert.That(CudaDriver.IsPrimaryActive(0), Is.False);

    /// <summary>Memory, stream and events of the engine's; what steps update, the engine reads, and nobody copies.</summary>
    [Test]
    public void StepsOnTheEnginesMemoryStreamAndEvents([Values] bool hasStream, [Values] bool usesGraphs)
    {
        using var engine = new CudaEngine();
        var stream = hasStream ? engine.CreateStream() : 0;
        var (data, gradient, next) = (engine.Allocate(_numbers), engine.Allocate(new float[Length]), engine.Allocate(_slopes));
        using (var device = IlgpuDevice.OpenPrimary(0, stream, new() { UseGraphs = usesGraphs }))
        {
            Assert.That((device.Name, device.UseGraphs), Is.EqualTo(("cuda", usesGraphs)));
            var parameter = new Parameter<float>("w", [Length], device.Wrap<float>(data, Length), device.Wrap<float>(gradient, Length));
            using var optimizer = new AdamW([parameter]);
            // On another stream gradients become ready; the step waits for that, and the engine for the step.
            var (other, ready, done) = (engine.CreateStream(), engine.CreateEvent(), engine.CreateEvent());
            engine.Copy(gradient, next, Length, other);
            engine.Record(ready, other);
            device.WaitForEvent(ready);
            for (var step = 0; step < 6; step++)
                optimizer.Step();
            device.RecordEvent(done);
            engine.Wait(other, done);
            Bits.AreEqual<float>(engine.Read(data, Length, other), Reference(6), "data");
            Assert.That(device.Counters.BytesToHost, Is.Zero);
        }
        // The device is gone, and all that is the engine's is there.
        Bits.AreEqual<float>(engine.Read(data, Length, 0), Reference(6), "data afterwards");
    }

    /// <summary>What a device allocates itself lies in the primary context, too.</summary>
    [Test]
    public void ItsOwnMemoryIsTheEngines()
    {
        using var engine = new CudaEngine();
        using var device = IlgpuDevice.OpenPrimary();
        using var parameter = device.CreateParameter<float>("w", [Length], _numbers);
        parameter.Gradient.CopyFrom(_slopes);
        using var optimizer = new AdamW([parameter]);
        optimizer.Step();
        Bits.AreEqual<float>(engine.Read(parameter.Data.Address, Length, 0), Reference(1), "data");
    }

    /// <summary>Whichever context is current, even another device's, steps go to theirs, and leave the thread as it was; ILGPU's account of it, too.</summary>
    [Test]
    public void LeavesTheThreadsContext([Values("none", "primary", "other device", "ILGPU's")] string current)
    {
        if (current == "other device" && DeviceCount < 2)
            Assert.Ignore("There is one device.");
        using var engine = new CudaEngine();
        using var other = current == "other device" ? new CudaEngine(1) : null;
        using var context = Context.Create(builder => builder.Cuda());
        using var accelerator = current == "ILGPU's" ? context.CreateCudaAccelerator(0) : null;
        (accelerator is null ? other ?? (current == "primary" ? engine : null) : null)?.MakeCurrent();
        accelerator?.Bind();
        var before = (CudaDriver.CurrentContext, Accelerator.Current);
        var device = IlgpuDevice.OpenPrimary(0, engine.CreateStream());
        Unchanged("open");
        var parameter = device.CreateParameter<float>("w", [Length], _numbers);
        parameter.Gradient.CopyFrom(_slopes);
        Unchanged("parameter");
        var scaler = new GradientScaler(device, new() { InitialScale = 1 });
        var optimizer = new AdamW([parameter]) { GradientScaler = scaler, GradientClipping = GradientClipping.ByNorm(1e6) };
        for (var step = 0; step < 5; step++)
        {
            optimizer.Step();
            Unchanged($"step {step}");
            // The engine works with another device meanwhile, and ILGPU does not notice.
            if (step == 2 && other is not null)
                other.MakeCurrent();
        }
        optimizer.ZeroGradients();
        Unchanged("zero gradients");
        Bits.AreEqual<float>(parameter.Data.ToArray(), Reference(5), "data");
        Unchanged("read");
        optimizer.Dispose();
        Unchanged("optimizer");
        scaler.Dispose();
        parameter.Dispose();
        Unchanged("parameter's end");
        device.Dispose();
        Unchanged("device's end");

        void Unchanged(string after) => Assert.That((CudaDriver.CurrentContext, Accelerator.Current), Is.EqualTo(before), after);
    }

    /// <summary>Steps from threads that have never seen a context.</summary>
    [Test]
    public void StepsFromOtherThreads([Values] bool usesGraphs)
    {
        using var engine = new CudaEngine();
        using var device = IlgpuDevice.OpenPrimary(options: new() { UseGraphs = usesGraphs });
        Parallel.For(0, 2, i =>
        {
            using var parameter = device.CreateParameter<float>($"w{i}", [Length], _numbers);
            parameter.Gradient.CopyFrom(_slopes);
            using var optimizer = new AdamW([parameter]);
            for (var step = 0; step < 20; step++)
                optimizer.Step();
            Bits.AreEqual<float>(parameter.Data.ToArray(), Reference(20), "data");
        });
    }

    /// <summary>Two devices work in one primary context, which stays as long as one of them, or the engine, keeps it.</summary>
    [Test]
    public void TwoDevicesShareAContext()
    {
        nint primary;
        var first = IlgpuDevice.OpenPrimary();
        using (var second = IlgpuDevice.OpenPrimary())
        {
            Assert.That(first.Accelerator.NativePtr, Is.EqualTo(primary = second.Accelerator.NativePtr));
            var memory = first.CreateBuffer<float>(_numbers);
            Assert.That(second.Wrap<float>(memory.Address, Length).ToArray(), Is.EqualTo(_numbers));
            first.Dispose();
            Assert.That(second.CreateBuffer<float>(_slopes).ToArray(), Is.EqualTo(_slopes));
        }
        Assert.That(CudaDriver.IsPrimaryActive(0), Is.False, "nobody keeps it");
    }

    /// <summary>Whatever goes first, the accelerator, too, nothing throws, and the engine's context lives on.</summary>
    [Test]
    public void ThingsMayGoInAnyOrder(
        [Values("device parameter optimizer", "optimizer device parameter", "parameter optimizer device", "accelerator device optimizer parameter", "optimizer accelerator parameter device")] string order,
        [Values] bool usesGraphs)
    {
        using var engine = new CudaEngine();
        var device = IlgpuDevice.OpenPrimary(options: new() { UseGraphs = usesGraphs });
        var parameter = device.CreateParameter<float>("w", [40, 25], _numbers.AsSpan(0, 1000));
        parameter.Gradient.CopyFrom(_slopes.AsSpan(0, 1000));
        var optimizer = new Muon([parameter]) { GradientClipping = GradientClipping.ByNorm(1) };
        for (var step = 0; step < 4; step++)
            optimizer.Step();
        foreach (var each in order.Split(' '))
            Assert.That(() => (each switch { "device" => (IDisposable)device, "parameter" => parameter, "accelerator" => device.Accelerator, _ => optimizer }).Dispose(), Throws.Nothing, each);
        Assert.That(CudaDriver.IsPrimaryActive(0));
        Assert.That(engine.Read(engine.Allocate(_numbers), Length, 0), Is.EqualTo(_numbers));
    }

    /// <summary>A reset takes memory and kernels with it: a step says so, and what is left can be disposed of.</summary>
    [TestCase("device parameter optimizer")]
    [TestCase("optimizer parameter device")]
    [TestCase("accelerator optimizer parameter device")]
    [IsReported("is destroyed with", "was destroyed by cuDevicePrimaryCtxReset_v2")]
    public void AResetIsToldOf(string order)
    {
        using var engine = new CudaEngine();
        var device = IlgpuDevice.OpenPrimary();
        var parameter = device.CreateParameter<float>("w", [Length], _numbers);
        parameter.Gradient.CopyFrom(_slopes);
        var optimizer = new AdamW([parameter]) { GradientClipping = GradientClipping.ByNorm(1) };
        optimizer.Step();
        device.Synchronize();
        engine.Reset();
        Assert.That(optimizer.Step, Throws.TypeOf<CudaException>().With.Message.Contains("primary context was reset"));
        Assert.That(() => parameter.Data.ToArray(), Throws.TypeOf<CudaException>().With.Message.Contains("primary context was reset"));
        foreach (var each in order.Split(' '))
            Assert.That(() => (each switch { "device" => (IDisposable)device, "parameter" => parameter, "accelerator" => device.Accelerator, _ => optimizer }).Dispose(), Throws.Nothing, each);
    }

    [Test]
    public void WhatDoesNotBelongIsRefused()
    {
        using var engine = new CudaEngine();
        var count = DeviceCount;
        Assert.That(() => IlgpuDevice.OpenPrimary(count), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains($"index must be in [0, {count})").And.Message.Contains($"Actual value was {count}."));
        Assert.That(() => IlgpuDevice.OpenPrimary(-1), Throws.TypeOf<ArgumentOutOfRangeException>());

        using var context = Context.Create(builder => builder.Cuda());
        using var accelerator = context.CreateCudaAccelerator(0);
        using var foreign = (CudaStream)accelerator.CreateStream();
        Assert.That(() => IlgpuDevice.OpenPrimary(0, foreign.StreamPtr), Throws.ArgumentException.With.Message.Contains("stream must be of the primary context of device 0."));

        using var device = IlgpuDevice.OpenPrimary();
        using var memory = accelerator.Allocate1D<float>(10);
        Assert.That(() => device.Wrap<float>(memory.NativePtr, 10), Throws.ArgumentException.With.Message.Contains("pointer must lie in the device's CUDA context."));
        var pinned = GC.AllocateArray<float>(10, pinned: true);
        Assert.That(() => Wrap(device, pinned), Throws.ArgumentException.With.Message.Contains("pointer must lie in memory that CUDA knows."));
        using var own = new IlgpuDevice(accelerator);
        var runtimes = engine.Allocate(_numbers);
        Assert.That(() => own.Wrap<float>(runtimes, Length), Throws.ArgumentException.With.Message.Contains("use IlgpuDevice.OpenPrimary."));
        Assert.That(own.Wrap<float>(memory.NativePtr, 10).Length, Is.EqualTo(10));

        Assert.That(() => device.WaitForEvent(0), Throws.ArgumentException.With.Message.Contains("event must be an event's handle. Actual value was 0."));
        Assert.That(() => device.RecordEvent(0), Throws.ArgumentException);
        if (count > 1)
        {
            using var other = new CudaEngine(1);
            var (elsewhere, stream) = (other.Allocate(_numbers), other.CreateStream());
            Assert.That(() => device.Wrap<float>(elsewhere, Length), Throws.ArgumentException.With.Message.Contains("pointer must lie on CUDA device 0.").And.Message.Contains("on device 1."));
            Assert.That(() => IlgpuDevice.OpenPrimary(0, stream), Throws.ArgumentException.With.Message.Contains("stream must be of the primary context of device 0."));
        }

        static unsafe DeviceBuffer<float> Wrap(IlgpuDevice device, float[] array)
        {
            fixed (float* pointer = array)
                return device.Wrap<float>((nint)pointer, array.Length);
        }
    }

    private static float[] Reference(int steps)
    {
        using var simd = new SimdDevice();
        using var parameter = simd.CreateParameter<float>("w", [Length], _numbers);
        parameter.Gradient.CopyFrom(_slopes);
        using var optimizer = new AdamW([parameter]);
        for (var step = 0; step < steps; step++)
            optimizer.Step();
        return parameter.Data.ToArray();
    }
}
