using GpuOptim.Host;
using GpuOptim.Host.Ilgpu;
using GpuOptim.Kernels;
using GpuOptim.Optimizers;
using GpuOptim.Tests.Support;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using Device = GpuOptim.Host.Device;

namespace GpuOptim.Tests.Ilgpu;

/// <summary>What only a card can show: tensor cores, an engine's streams and memory, threads, several accelerators, and in which order things may go.</summary>
/// <remarks>
/// What all devices do, <see cref="TestDevice"/> has tested on a card, too: fixtures in the same category, single tests with <c>cuda</c> in their
/// names.
/// </remarks>
[Parallelizable(ParallelScope.Self)]
public sealed class CudaTests : CardTest
{
    /// <summary>
    /// On tensor cores singular values go where they go on the CPU, whatever the shape: rows that are no whole lines, ends of tiles, batches.
    /// </summary>
    [TestCase(1, 1, 1)]
    [TestCase(3, 5, 2)]
    [TestCase(33, 17, 1)]
    [TestCase(64, 64, 3)]
    [TestCase(127, 129, 2)]
    [TestCase(136, 40, 2)]
    [TestCase(300, 20, 1)]
    [TestCase(256, 512, 2)]
    [TestCase(521, 263, 1)]
    [TestCase(1024, 384, 1)]
    public void TensorCoresOrthogonalizeAsTheCpu(int rows, int columns, int count) =>
        // Five steps of bfloat16, each rounded to 8 bits; the CPU's result is as far from exact arithmetic.
        Assert.That(DifferenceToTheCpu(rows, columns, count, new()), Is.LessThan(0.02));

    /// <summary>In float16 eight times as near, by either method.</summary>
    [TestCase(3, 5, 2)]
    [TestCase(127, 129, 2)]
    [TestCase(300, 20, 1)]
    [TestCase(136, 400, 2)]
    public void TensorCoresOrthogonalizeInFloat16AsTheCpu(int rows, int columns, int count)
    {
        var options = new NewtonSchulzOptions { Precision = NewtonSchulzPrecision.Float16 };
        Assert.That(DifferenceToTheCpu(rows, columns, count, options), Is.LessThan(0.0025));
        // Where singular values are near zero, Gram is farther from exact arithmetic: of 127 x 129, by 0.008.
        Assert.That(DifferenceToTheCpu(rows, columns, count, options with { Method = NewtonSchulzMethod.Gram }), Is.LessThan(0.0125));
    }

    private double DifferenceToTheCpu(int rows, int columns, int count, NewtonSchulzOptions options)
    {
        using var device = new IlgpuDevice(Accelerator);
        using var simd = new SimdDevice();
        var random = new Random(rows);
        float[] numbers = [.. Enumerable.Range(0, count * rows * columns).Select(_ => random.NextSingle() - 0.5f)];
        float[] Orthogonalize(Device on)
        {
            using var source = on.CreateBuffer<float>(numbers);
            using var result = on.CreateBuffer<float>(numbers.Length);
            // Twice: what the first run left in memory must not be in the second's sums.
            on.Orthogonalize(source, result, rows, columns, options);
            on.Orthogonalize(source, result, rows, columns, options);
            return result.ToArray();
        }
        var (actual, expected) = (Orthogonalize(device), Orthogonalize(simd));
        return Math.Sqrt(actual.Zip(expected, (a, b) => Math.Pow(a - b, 2)).Sum() / expected.Sum(value => (double)value * value));
    }

    /// <summary>A gradient that is not finite spoils the step that has it, and no later one.</summary>
    [Test]
    public void ZerosBetweenRowsStayZero()
    {
        using var device = new IlgpuDevice(Accelerator);
        var parameter = device.CreateParameter<float>("w", [40, 141], new float[40 * 141]);
        using var scaler = new GradientScaler(device, new() { InitialScale = 1 });
        using var optimizer = new Muon([parameter]) { GradientScaler = scaler };
        float[] gradient = [.. Enumerable.Range(0, 40 * 141).Select(i => MathF.Sin(i))];
        parameter.Gradient.CopyFrom([.. gradient.Select((value, i) => i == 77 ? float.PositiveInfinity : value)]);
        optimizer.Step();
        Assert.That(parameter.Data.ToArray(), Is.All.Zero, "the step is skipped");
        parameter.Gradient.CopyFrom(gradient);
        optimizer.Step();
        var after = parameter.Data.ToArray();

        var fresh = device.CreateParameter<float>("w", [40, 141], new float[40 * 141]);
        fresh.Gradient.CopyFrom(gradient);
        using var reference = new Muon([fresh]);
        reference.Step();
        Bits.AreEqual<float>(after, fresh.Data.ToArray(), "data");
    }

    /// <summary>The engine's buffers, on a stream of its own that waits for no other, wherever in them a tensor begins.</summary>
    [Test]
    public void StepsOnTheEnginesMemoryAndStream([Values(0, 1, 4)] int start, [Values] StreamFlags flags)
    {
        float[] numbers = [.. Enumerable.Range(0, 50_000).Select(i => MathF.Sin(i))], slopes = [.. Enumerable.Range(0, 50_000).Select(i => MathF.Cos(i))];
        var length = numbers.Length - start;
        // ILGPU makes a stream with flags in whichever context is current, and other tests have left none.
        using var binding = Accelerator.BindScoped();
        using var stream = Accelerator.CreateStream(flags);
        using var data = Accelerator.Allocate1D(numbers);
        using var gradient = Accelerator.Allocate1D(slopes);
        Accelerator.Synchronize();
        using (var device = new IlgpuDevice(Accelerator, stream))
        {
            var parameter = new Parameter<float>("w", [length], device.Wrap<float>(data.View.SubView(start, length)), device.Wrap<float>(gradient.NativePtr + start * sizeof(float), length));
            using var optimizer = new AdamW([parameter]);
            for (var step = 0; step < 10; step++)
                optimizer.Step();
            device.Synchronize();
        }
        Bits.AreEqual<float>(data.GetAsArray1D(), [.. numbers[..start], .. Reference(numbers[start..], slopes[start..], 10)], "data");
    }

    /// <summary>Two optimizers on one device, and two devices on two accelerators of one card, each on a thread of its own.</summary>
    [Test]
    public void StepsFromSeveralThreads([Values] bool isOneDevice)
    {
        using var other = Context.CreateCudaAccelerator(0);
        using var first = new IlgpuDevice(Accelerator);
        using var second = isOneDevice ? null : new IlgpuDevice(other);
        float[] numbers = [.. Enumerable.Range(0, 10_000).Select(i => MathF.Sin(i))], slopes = [.. Enumerable.Range(0, 10_000).Select(i => MathF.Cos(i))];
        var expected = Reference(numbers, slopes, 200);
        Parallel.ForEach(new Device[] { first, second ?? first }, device =>
        {
            using var parameter = device.CreateParameter<float>("w", [numbers.Length], numbers);
            parameter.Gradient.CopyFrom(slopes);
            using var optimizer = new AdamW([parameter]);
            for (var step = 0; step < 200; step++)
                optimizer.Step();
            Bits.AreEqual<float>(parameter.Data.ToArray(), expected, "data");
        });
    }

    /// <summary>Whatever goes first, nothing throws, and the engine's accelerator goes on.</summary>
    [Test]
    public void ThingsMayGoInAnyOrder([Values("device parameter optimizer", "optimizer device parameter", "parameter optimizer device", "device optimizer parameter")] string order, [Values] bool isAcceleratorFirst)
    {
        using var accelerator = Context.CreateCudaAccelerator(0);
        var device = new IlgpuDevice(accelerator);
        var parameter = device.CreateParameter<float>("w", [64, 65], new float[64 * 65]);
        parameter.Gradient.CopyFrom(new float[64 * 65]);
        var optimizer = new Muon([parameter]) { GradientClipping = GradientClipping.ByNorm(1) };
        optimizer.Step();
        if (isAcceleratorFirst)
            accelerator.Dispose();
        foreach (var each in order.Split(' '))
            Assert.That(() => (each switch { "device" => (IDisposable)device, "parameter" => parameter, _ => optimizer }).Dispose(), Throws.Nothing, each);
        using var more = Accelerator.Allocate1D<float>([1, 2, 3]);
        Assert.That(more.GetAsArray1D(), Is.EqualTo([1f, 2, 3]));
    }

    /// <summary>A run saved on the card goes on to the same bits on the CPU, and back.</summary>
    [Test]
    public void ACheckpointGoesThereAndBack()
    {
        using var card = new IlgpuDevice(Accelerator);
        using var simd = new SimdDevice();
        float[] numbers = [.. Enumerable.Range(0, 1000).Select(i => MathF.Sin(i))], slopes = [.. Enumerable.Range(0, 1000).Select(i => MathF.Cos(i))];
        StateDictionary? state = null;
        foreach (var device in new Device[] { card, simd, card })
        {
            using var parameter = device.CreateParameter<float>("w", [1000], numbers);
            parameter.Gradient.CopyFrom(slopes);
            using var optimizer = new AdamW([parameter]);
            if (state is not null)
                optimizer.Load(state);
            for (var step = 0; step < 5; step++)
                optimizer.Step();
            (state, numbers) = (optimizer.StateDictionary(), parameter.Data.ToArray());
        }
        Bits.AreEqual<float>(numbers, Reference([.. Enumerable.Range(0, 1000).Select(i => MathF.Sin(i))], slopes, 15), "data");
    }

    private static float[] Reference(float[] numbers, float[] slopes, int steps)
    {
        using var simd = new SimdDevice();
        using var parameter = simd.CreateParameter<float>("w", [numbers.Length], numbers);
        parameter.Gradient.CopyFrom(slopes);
        using var optimizer = new AdamW([parameter]);
        for (var step = 0; step < steps; step++)
            optimizer.Step();
        return parameter.Data.ToArray();
    }
}
