using GpuOptim.Host;
using GpuOptim.Host.Ilgpu;
using GpuOptim.Host.Ilgpu.OpenCL;
using GpuOptim.Optimizers;
using GpuOptim.Tests.Support;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.OpenCL;

namespace GpuOptim.Tests.Ilgpu;

/// <summary>An engine's OpenCL accelerator, memory and stream, where there is one. What all devices do, <see cref="TestDevice"/> has tested on it, too.</summary>
/// <param name="name">The device, as this library calls it.</param>
[TestFixtureSource(nameof(Names))]
public sealed class OpenCLDeviceTests(string name)
{
    private Context _context = null!;
    private CLAccelerator _accelerator = null!;

    public static IEnumerable<string> Names => GpuOptim.Host.Device.All.Select(info => info.Name).Where(name => name == "opencl");

    [OneTimeSetUp]
    public void MakeEngine()
    {
        _context = Context.Create(builder => builder.OpenCL(device => OpenCLQueue.Missing(device) is null));
        _accelerator = _context.CreateCLAccelerator(0);
    }

    [OneTimeTearDown]
    public void CloseEngine()
    {
        _accelerator.Dispose();
        _context.Dispose();
    }

    /// <summary>The engine's buffers are updated in place, wherever in them a tensor begins, and stay when the device goes.</summary>
    [Test]
    public void StepsOnTheEnginesBuffersAndStream([Values(0, 1, 4)] int start)
    {
        float[] numbers = [.. Enumerable.Range(0, 5000).Select(i => MathF.Sin(i))], slopes = [.. Enumerable.Range(0, 5000).Select(i => MathF.Cos(i))];
        using var stream = _accelerator.CreateStream();
        using var data = _accelerator.Allocate1D(numbers);
        using var gradient = _accelerator.Allocate1D(slopes);
        var length = numbers.Length - start;
        using (var device = new IlgpuDevice(_accelerator, stream))
        {
            Assert.That(device.Name, Is.EqualTo(name));
            var parameter = new Parameter<float>("w", [length], device.Wrap<float>(data.View.SubView(start, length)), device.Wrap<float>(gradient.View.SubView(start, length)));
            using var optimizer = new AdamW([parameter]);
            optimizer.Step();
            device.Synchronize();
        }

        using var simd = new SimdDevice();
        using var expected = simd.CreateParameter<float>("w", [length], numbers.AsSpan(start));
        expected.Gradient.CopyFrom(slopes.AsSpan(start));
        using var reference = new AdamW([expected]);
        reference.Step();
        Bits.AreEqual<float>(data.GetAsArray1D(), [.. numbers[..start], .. expected.Data.ToArray()], "data");
    }

    /// <summary>Copies and clears reach what they are told to, where a buffer of the engine's has longer elements than a byte.</summary>
    [Test]
    public void CopiesAndClearsPartsOfTheEnginesBuffers()
    {
        using var memory = _accelerator.Allocate1D<float>([9, 1, 2, 3, 9]);
        using var device = new IlgpuDevice(_accelerator);
        using var part = device.Wrap<float>(memory.View.SubView(1, 3));
        Assert.That(part.ToArray(), Is.EqualTo([1f, 2, 3]));
        part.CopyFrom([4f, 5f], start: 1);
        Assert.That(memory.GetAsArray1D(), Is.EqualTo([9f, 1, 4, 5, 9]));
        part.Slice(1, 2).Clear();
        Assert.That(memory.GetAsArray1D(), Is.EqualTo([9f, 1, 0, 0, 9]));
    }

    /// <summary>A launch for each tensor that has a gradient, and no table that is built anew.</summary>
    [Test]
    public void EachTensorIsALaunch()
    {
        using var device = new IlgpuDevice(_accelerator);
        Parameter<float>[] parameters = [.. Enumerable.Range(0, 3).Select(i => device.CreateParameter<float>($"p{i}", [100 + i], new float[100 + i]))];
        using var optimizer = new Sgd(parameters, new() { LearningRate = 0.1 });
        foreach (var parameter in parameters)
            parameter.Gradient.CopyFrom(Enumerable.Repeat(1f, (int)parameter.Length).ToArray());
        optimizer.Step();

        parameters[1].HasGradient = false;
        var before = device.Counters;
        optimizer.Step();
        var asked = device.Counters - before;
        Assert.That((asked.Launches, asked.TableBuilds, asked.BytesToHost), Is.EqualTo((2, 0, 0)));
        Assert.That(parameters.Select(parameter => parameter.Data.ToArray()[^1]), Is.EqualTo([-0.2f, -0.1f, -0.2f]));
    }

    [Test]
    public void PointersAreRefused()
    {
        using var device = new IlgpuDevice(_accelerator);
        using var memory = _accelerator.Allocate1D<float>(4);
        Assert.That(() => device.Wrap<float>(memory.NativePtr, 4), Throws.TypeOf<NotSupportedException>().With.Message.Contains("Memory of OpenCL has no addresses. Wrap a view of it."));
    }
}
