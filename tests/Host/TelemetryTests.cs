using System.Diagnostics.Metrics;
using GpuOptim.Host;
using GpuOptim.Optimizers;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Host;

/// <summary>What listeners are told.</summary>
[NonParallelizable]
public sealed class TelemetryTests
{
    [Test]
    public void StepsAndLaunchesAreCounted([ValueSource(typeof(TestDevice), nameof(TestDevice.All))] TestDevice testDevice)
    {
        var seen = new List<(string Instrument, long Value, string Tag)>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == "GpuOptim")
                    listener.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => seen.Add((instrument.Name, value, $"{tags[0].Value}")));
        listener.Start();

        using var device = testDevice.Open();
        var parameter = device.CreateParameter<float>("p", [3], [1, 2, 3]);
        parameter.Gradient.CopyFrom([1f, 1f, 1f]);
        using var optimizer = new Sgd([parameter], new() { LearningRate = 0.1 });
        optimizer.Step();
        optimizer.Step();
        Assert.That(seen.Where(each => each.Instrument == "gpuoptim.steps"), Is.EqualTo(Enumerable.Repeat(("gpuoptim.steps", 1L, "Sgd"), 2)));
        Assert.That(seen.Where(each => each.Instrument == "gpuoptim.launches"), Is.EqualTo(Enumerable.Repeat(("gpuoptim.launches", 1L, device.Name), 2)));
        if (!device.IsHostAccessible)
            Assert.That(seen.Where(each => each.Instrument == "gpuoptim.copied").Sum(each => each.Value), Is.AtLeast(2 * 3 * sizeof(float)));
    }

    /// <summary>Norms are told where they are taken, and only finite ones; skips are counted and logged.</summary>
    [Test]
    public void NormsAndSkippedStepsAreTold([ValueSource(typeof(TestDevice), nameof(TestDevice.All))] TestDevice testDevice)
    {
        var norms = new List<(double, string)>();
        var skips = new List<(long, string)>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name is "gpuoptim.gradient_norm" or "gpuoptim.skipped_steps")
                    listener.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<double>((_, value, tags, _) => norms.Add((value, $"{tags[0].Value}")));
        listener.SetMeasurementEventCallback<long>((_, value, tags, _) => skips.Add((value, $"{tags[0].Value}")));
        listener.Start();

        using var device = testDevice.Open();
        var parameter = device.CreateParameter<float>("p", [2], [1, 2]);
        using (var clipped = new Sgd([parameter]) { GradientClipping = GradientClipping.ByNorm(1) })
        {
            parameter.Gradient.CopyFrom([3f, 4f]);
            clipped.Step();
            // A card tells of a norm when it is there; to look at the state is to wait.
            _ = clipped.LiveState();
        }
        using var scaler = new GradientScaler(device, new() { InitialScale = 4 });
        using var scaled = new Adam([parameter]) { GradientScaler = scaler };
        foreach (var gradient in (float[])[12, float.NaN, 6])
        {
            parameter.Gradient.CopyFrom([gradient, 0f]);
            scaled.Step();
        }
        _ = scaled.LiveState();
        Assert.That(norms, Is.EqualTo([(5.0, "Sgd"), (3.0, "Adam"), (3.0, "Adam")]));
        Assert.That(skips, Is.EqualTo([(1L, "Adam")]));
    }

    [Test]
    public void SkippedStepsAreLogged()
    {
        using var log = new LogListener();
        foreach (var info in Device.All)
        {
            using var device = Device.Open(info.Name, log);
            var parameter = device.CreateParameter<float>("p", [1], [1]);
            parameter.Gradient.CopyFrom([float.PositiveInfinity]);
            using var scaler = new GradientScaler(device, new() { InitialScale = 8 });
            using var optimizer = new Sgd([parameter]) { GradientScaler = scaler };
            optimizer.Step();
            _ = optimizer.LiveState();
            Assert.That(log.Lines[^1], Is.EqualTo("GpuOptim Information StepSkipped: Skipped a step of Sgd: a gradient is not finite at loss scale 8"));
        }
    }

    [Test]
    public void TheDeviceChosenIsLogged()
    {
        using var log = new LogListener();
        using var device = Device.Open("simd", log);
        Assert.That(log.Lines, Is.EqualTo([$"GpuOptim Information DeviceOpened: Opened device simd: {device.Description}"]));
    }

    /// <summary>A card that is there and does not start leaves a program the CPU, and word of why.</summary>
    [Test]
    public void ADeviceThatCannotBeOpenedIsLoggedAndPassedOver()
    {
        using var log = new LogListener();
        using var device = DeviceCatalog.OpenFirst([("cuda", () => throw new InvalidOperationException("out of memory")), ("simd", () => new SimdDevice(threads: 1))], log);
        Assert.That(device.Name, Is.EqualTo("simd"));
        Assert.That(log.Lines, Is.EqualTo(["GpuOptim Warning DeviceFailed: Device cuda could not be opened; the next one is taken: InvalidOperationException out of memory"]));
    }

    /// <summary>Kernels are compiled once, when they are first needed.</summary>
    [Test]
    public void KernelsCompiledAreLogged()
    {
        if (Device.All.All(info => info.Name == "simd"))
            Assert.Ignore("No device of this machine compiles kernels.");
        using var log = new LogListener();
        using var device = Device.Open("ilgpu", log);
        var parameter = device.CreateParameter<float>("p", [1], [1]);
        parameter.Gradient.Clear();
        using var optimizer = new Sgd([parameter]);
        optimizer.Step();
        optimizer.Step();
        Assert.That(log.Lines, Has.Count.EqualTo(2));
        Assert.That(log.Lines[1], Does.StartWith("GpuOptim Debug KernelCompiled: Compiled kernel ").And.Contain("SgdRule"));
    }
}
