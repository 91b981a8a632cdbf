using GpuOptim.Host;
using GpuOptim.Host.Ilgpu;
using GpuOptim.Optimizers;
using GpuOptim.Optimizers.Schedules;
using GpuOptim.Tests.Optimizers;
using GpuOptim.Tests.Support;
using ILGPU;
using ILGPU.Runtime.Cuda;
using Device = GpuOptim.Host.Device;

namespace GpuOptim.Tests.Ilgpu;

/// <summary>Steps as graphs of CUDA's: the bits of plain steps, and of the CPU.</summary>
[Parallelizable(ParallelScope.Self)]
public sealed class GraphTests : CardTest
{
    private static readonly IReadOnlyList<Func<Parameter[], Optimizer>> _optimizers = [.. GradientScalerTests.Optimizers];

    /// <summary>The host runs ahead of the card: gradients stay, and rates, bias corrections and which parameters have a gradient change each step.</summary>
    [Test]
    public void GivesTheBitsOfSimd([ValueSource(typeof(OptimizerVariant), nameof(OptimizerVariant.All))] OptimizerVariant variant, [Values] bool isSparse)
    {
        Compare(device =>
        {
            using var model = new RandomModel<float>(device, [5003, 1, 300, 0, 4096]);
            using var other = new RandomModel<BFloat16>(device, [7]);
            using var optimizer = variant.Create(model.Parameters[..3]);
            optimizer.AddGroup([.. model.Parameters[3..], Named(other.Parameters[0], "other")], optimizer.Groups[0].AnyOptions).LearningRate *= 0.5;
            var schedule = new CosineAnnealingLR(optimizer, maxSteps: 20);
            model.NextGradients();
            other.NextGradients();
            for (var step = 0; step < 25; step++)
            {
                if (isSparse)
                    model.Parameters[2].HasGradient = step % 3 != 1;
                optimizer.Step();
                schedule.Step();
            }
            return [.. model.Data().SelectMany(each => each), .. other.Data()[0].Select(each => (float)each)];
        });

        // A step of one launch would be no graph: two element types are two.
        static Parameter<BFloat16> Named(Parameter<BFloat16> parameter, string name) => new(name, [.. parameter.Shape], parameter.Data, parameter.Gradient);
    }

    /// <summary>Loss scales and verdicts of the device, which come late; and clipping, which changes meanwhile.</summary>
    [Test]
    public void ScaledStepsGiveTheBitsOfSimd([Values(0, 1, 2, 3)] int optimizer, [Values] bool isClipped, [Values(0, 3, 1000)] int lag)
    {
        using var reference = new SimdDevice(threads: 2);
        using var device = new IlgpuDevice(Accelerator) { UseGraphs = true, UseTensorCores = false, CheckLag = lag };
        var clipping = isClipped ? GradientClipping.ByNorm(0.5) : null;
        Assert.That(ScaledRun.Train(device, _optimizers[optimizer], clipping), Is.EqualTo(ScaledRun.Train(reference, _optimizers[optimizer], clipping)));
    }

    /// <summary>Verdicts that come as late as they like while the host sends the next steps.</summary>
    [Test]
    public void ScaledStepsThatNobodyWaitsForGiveTheBitsOfSimd([Values] bool isAveraged) => Compare(device =>
    {
        using var model = new RandomModel<float>(device, [5003, 1, 300]);
        using var scaler = new GradientScaler(device, new() { InitialScale = 65536, GrowthInterval = 5 });
        using var average = WeightAverage.Equal(model.Parameters);
        using var optimizer = new AdamW(model.Parameters, new() { LearningRate = 0.01 }) { GradientScaler = scaler, GradientClipping = GradientClipping.ByNorm(2) };
        if (isAveraged)
            optimizer.WeightAverage = average;
        model.NextGradients();
        // At first too large, and at last finite.
        model.Parameters[1].Gradient.CopyFrom([float.PositiveInfinity]);
        for (var step = 0; step < 60; step++)
        {
            model.Parameters[1].HasGradient = step is < 4 or > 50 and < 53;
            optimizer.GradientClipping = GradientClipping.ByNorm(2 + step % 3);
            optimizer.Step();
        }
        return [.. model.Data().Concat(average.Averages.Cast<Parameter<float>>().Select(each => each.Data.ToArray())).SelectMany(each => each), scaler.ReadSkippedSteps()];
    });

    [Test]
    public void AveragesGiveTheBitsOfSimd([Values] bool isExponential, [Values] bool isClipped) => Compare(device =>
    {
        using var model = new MatrixModel(device, [[24, 40], [40, 24], [17], [24, 40]]);
        using var average = isExponential ? WeightAverage.Exponential(model.Parameters, 0.9) : WeightAverage.Equal(model.Parameters);
        using var optimizer = new ModelOptimizer(model.Parameters, Assignment.Where("matrices", parameter => parameter.Shape.Count == 2, new MuonOptions()), Assignment.Rest(new AdamWOptions()))
        {
            WeightAverage = average,
            GradientClipping = isClipped ? GradientClipping.ByNorm(0.7) : null,
        };
        model.NextGradients();
        for (var step = 0; step < 12; step++)
            optimizer.Step();
        average.Swap();
        return [.. model.Data().Concat(average.Averages.Cast<Parameter<float>>().Select(each => each.Data.ToArray())).SelectMany(each => each)];
    });

    [Test]
    public void AccumulationGivesTheBitsOfSimd() => Compare(device =>
    {
        using var model = new RandomModel<BFloat16>(device, [5003, 1, 300]);
        using var optimizer = new AdamW(model.Parameters, new() { LearningRate = 0.01 });
        using var accumulation = new GradientAccumulation(optimizer, 3);
        for (var step = 0; step < 30; step++)
        {
            if (step % 4 == 0)
                model.NextGradients();
            accumulation.Step();
        }
        return [.. model.Data().SelectMany(each => each).Select(each => (float)each)];
    }, isGraph: false);

    /// <summary>What is added, or taken away, or set otherwise, brings another graph; the numbers stay those of the CPU.</summary>
    [Test]
    public void AnotherStepIsAnotherGraph() => Compare(device =>
    {
        using var model = new RandomModel<float>(device, [5003, 1, 300, 7000]);
        using var optimizer = new Sgd(model.Parameters[..2], new() { LearningRate = 0.1 });
        using var average = WeightAverage.Exponential(model.Parameters[..1], 0.5);
        model.NextGradients();
        for (var step = 0; step < 40; step++)
        {
            switch (step)
            {
                case 5: optimizer.AddGroup([model.Parameters[2]], new SgdOptions { LearningRate = 0.01, WeightDecay = 0.1 }); break;
                case 10: optimizer.Groups[0].Options = optimizer.Groups[0].Options with { Momentum = 0.9 }; break;
                case 15: optimizer.GradientClipping = GradientClipping.ByNorm(1); break;
                case 20: optimizer.AddGroup([model.Parameters[3]], new SgdOptions { LearningRate = 0.01, Nesterov = true, Momentum = 0.5 }); break;
                case 25: optimizer.GradientClipping = GradientClipping.ByValue(0.5); break;
                case 28: optimizer.WeightAverage = average; break;
                case 30: optimizer.GradientClipping = null; break;
                case 35: optimizer.WeightAverage = null; break;
            }
            optimizer.Step();
        }
        return [.. model.Data().SelectMany(each => each)];
    });

    /// <summary>Whatever goes first, nothing throws.</summary>
    [Test]
    public void ThingsMayGoInAnyOrder([Values("device parameter optimizer", "optimizer device parameter", "parameter optimizer device", "device optimizer parameter")] string order, [Values] bool isAcceleratorFirst)
    {
        using var accelerator = Context.CreateCudaAccelerator(0);
        var device = new IlgpuDevice(accelerator) { UseGraphs = true };
        var parameter = device.CreateParameter<float>("w", [64, 65], new float[64 * 65]);
        parameter.Gradient.CopyFrom(new float[64 * 65]);
        var scaler = new GradientScaler(device);
        var optimizer = new Muon([parameter]) { GradientClipping = GradientClipping.ByNorm(1), GradientScaler = scaler };
        for (var step = 0; step < 5; step++)
            optimizer.Step();
        Assert.That(device.Counters.Captures, Is.Positive);
        if (isAcceleratorFirst)
            accelerator.Dispose();
        foreach (var each in order.Split(' '))
            Assert.That(() => (each switch { "device" => (IDisposable)device, "parameter" => parameter, _ => optimizer }).Dispose(), Throws.Nothing, each);
        Assert.That(scaler.Dispose, Throws.Nothing);
    }

    private void Compare(Func<Device, float[]> train, bool isGraph = true)
    {
        using var simd = new SimdDevice(threads: 2);
        var expected = train(simd);
        foreach (var usesGraphs in (bool[])[false, true])
        {
            using var device = new IlgpuDevice(Accelerator) { UseGraphs = usesGraphs, UseTensorCores = false };
            Bits.AreEqual<float>(train(device), expected, usesGraphs ? "graph" : "plain");
            Assert.That(device.Counters.Captures > 0, Is.EqualTo(usesGraphs && isGraph));
        }
    }
}
