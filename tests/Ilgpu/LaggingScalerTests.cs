using GpuOptim.Host;
using GpuOptim.Host.Ilgpu;
using GpuOptim.Optimizers;
using GpuOptim.Tests.Optimizers;
using GpuOptim.Tests.Support;
using ILGPU;
using ILGPU.Runtime.CPU;

namespace GpuOptim.Tests.Ilgpu;

/// <summary>A card that is far behind the host: which of the last steps it skips is not known when the next ones are sent.</summary>
[Parallelizable(ParallelScope.Self)]
public sealed class LaggingScalerTests
{
    private static readonly IReadOnlyList<Func<Parameter[], Optimizer>> _optimizers = [.. GradientScalerTests.Optimizers];

    private Context _context = null!;
    private CPUAccelerator _accelerator = null!;

    [OneTimeSetUp]
    public void MakeAccelerator()
    {
        _context = Context.Create(builder => builder.CPU(new CPUDevice(4, 1, 2)));
        _accelerator = _context.CreateCPUAccelerator(0);
    }

    [OneTimeTearDown]
    public void CloseAccelerator()
    {
        _accelerator.Dispose();
        _context.Dispose();
    }

    [Test]
    public void TheRecordedRunsStayThoseOfPyTorch([Values(1, 4, 15)] int lag)
    {
        Run(lag, device => ScaledRun.VerifyRecording(
            device, "scaler_adamw", parameters => new AdamW(parameters, new() { LearningRate = 0.02, WeightDecay = 0.01 }), readsEveryStep: false));
        Run(lag, device => ScaledRun.VerifyRecording(
            device, "scaler_sgd", parameters => new Sgd(parameters, new() { LearningRate = 0.02, WeightDecay = 0.01, Momentum = 0.9 }), readsEveryStep: false));
    }

    /// <summary>A lag of more steps than may be on their way has a step wait.</summary>
    [TestCase(1, 3, true)]
    [TestCase(7, 0, false)]
    [TestCase(7, 1, true)]
    [TestCase(7, 2, false)]
    [TestCase(7, 3, false)]
    [TestCase(1000, 0, true)]
    public void GivesTheBitsOfSimd(int lag, int optimizer, bool isClipped)
    {
        using var reference = new SimdDevice(threads: 2);
        var clipping = isClipped ? GradientClipping.ByNorm(0.5) : null;
        Run(lag, device => Assert.That(ScaledRun.Train(device, _optimizers[optimizer], clipping), Is.EqualTo(ScaledRun.Train(reference, _optimizers[optimizer], clipping))));
    }

    /// <summary>A hyper-parameter that brings new state makes sure of the steps before.</summary>
    [Test]
    public void OptionsMayChangeMeanwhile()
    {
        using var reference = new SimdDevice(threads: 1);
        Run(5, device => Assert.That(Train(device), Is.EqualTo(Train(reference))));

        static float[] Train(GpuOptim.Host.Device device)
        {
            var parameter = device.CreateParameter<float>("p", [3], [1, 2, 3]);
            using var scaler = new GradientScaler(device, new() { InitialScale = 4 });
            using var optimizer = new Sgd([parameter], new() { LearningRate = 0.1 }) { GradientScaler = scaler };
            for (var step = 0; step < 12; step++)
            {
                if (step == 4)
                    optimizer.Groups[0].Options = optimizer.Groups[0].Options with { Momentum = 0.5, Dampening = 0.25 };
                parameter.Gradient.CopyFrom([step % 3 == 1 ? float.NaN : step, 1, -1]);
                optimizer.Step();
            }
            return parameter.Data.ToArray();
        }
    }

    /// <summary>Parameters that come meanwhile, so many that what steps send moves, take nothing from those whose steps are not certain.</summary>
    [Test]
    public void ParametersMayComeMeanwhile([Values(1000, 1100, 1200)] int added)
    {
        using var reference = new SimdDevice(threads: 1);
        Run(1000, device => Assert.That(Train(device), Is.EqualTo(Train(reference))));

        float[] Train(GpuOptim.Host.Device device)
        {
            using var model = new RandomModel<float>(device, [.. Enumerable.Repeat(2, 1000)]);
            using var more = new RandomModel<float>(device, [.. Enumerable.Repeat(3, added)]);
            using var scaler = new GradientScaler(device, new() { InitialScale = 4 });
            using var optimizer = new ModelOptimizer(
                model.Parameters, Assignment.Where("first", parameter => parameter == model.Parameters[0], new SgdOptions()), Assignment.Rest(new AdamWOptions { LearningRate = 0.1 }))
            {
                GradientScaler = scaler,
            };
            model.NextGradients();
            for (var step = 0; step < 6; step++)
            {
                model.Parameters[1].Gradient.CopyFrom([step is 1 or 2 or 4 ? float.NaN : 0.5f / (step + 1), 1]);
                if (step == 5)
                {
                    more.NextGradients();
                    optimizer.AddGroup(more.Parameters.Select(each => new Parameter<float>($"more {each.Name}", [.. each.Shape], each.Data, each.Gradient)), new SgdOptions());
                }
                optimizer.Step();
            }
            return model.Data()[1];
        }
    }

    /// <summary>The host never waits, and a step with a scaler is four launches: norm, check, what was sent completed, update, averages with it.</summary>
    [Test]
    public void StepsDoNotWait()
    {
        using var device = new IlgpuDevice(_accelerator);
        Parameter[] parameters = [.. Enumerable.Range(0, 5).Select(i => device.CreateParameter<float>($"p{i}", [100 * i]))];
        foreach (var parameter in parameters.Cast<Parameter<float>>())
            parameter.Gradient.Clear();
        using var scaler = new GradientScaler(device);
        using var average = WeightAverage.Exponential(parameters);
        using var optimizer = new AdamW(parameters) { GradientScaler = scaler, GradientClipping = GradientClipping.ByNorm(1), WeightAverage = average };
        optimizer.Step();
        var before = device.Counters;
        for (var step = 0; step < 40; step++)
            optimizer.Step();
        var after = device.Counters;
        Assert.That((after.Launches - before.Launches, after.HostWaits - before.HostWaits, after.TableBuilds - before.TableBuilds), Is.EqualTo((160, 0, 0)));
    }

    private void Run(int lag, Action<GpuOptim.Host.Device> test)
    {
        using var device = new IlgpuDevice(_accelerator) { CheckLag = lag };
        test(device);
    }
}
