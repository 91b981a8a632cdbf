using GpuOptim.Host;
using GpuOptim.Optimizers;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Optimizers;

[TestFixtureSource(typeof(TestDevice), nameof(TestDevice.Fixtures))]
public sealed class GradientScalerTests(TestDevice testDevice)
{
    private Device _device = null!;

    [SetUp]
    public void Open() => _device = testDevice.Open();

    [TearDown]
    public void Close() => _device.Dispose();

    public static IEnumerable<Func<Parameter[], Optimizer>> Optimizers =>
    [
        parameters => new AdamW(parameters, new() { LearningRate = 0.01 }),
        parameters => new Sgd(parameters, new() { LearningRate = 0.01, Momentum = 0.9, Dampening = 0.5 }),
        parameters => new RmsProp(parameters, new() { LearningRate = 0.01 }),
        parameters => new ModelOptimizer(parameters, Assignment.Named("a", new MuonOptions()), Assignment.Rest(new AdamOptions())),
        parameters => new ModelOptimizer(parameters, Assignment.Named("a", new NorMuonOptions()), Assignment.Rest(new AdamOptions())),
    ];

    [Test]
    public void AdamWIsPyTorchsToTheLastBit() => ScaledRun.VerifyRecording(
        _device, "scaler_adamw", parameters => new AdamW(parameters, new() { LearningRate = 0.02, WeightDecay = 0.01 }), readsEveryStep: true);

    [Test]
    public void MomentumIsPyTorchsToTheLastBit() => ScaledRun.VerifyRecording(
        _device, "scaler_sgd", parameters => new Sgd(parameters, new() { LearningRate = 0.02, WeightDecay = 0.01, Momentum = 0.9 }), readsEveryStep: true);

    [Test]
    public void GivesTheBitsOfSimd([ValueSource(nameof(Optimizers))] Func<Parameter[], Optimizer> create, [Values] bool isClipped)
    {
        using var reference = new SimdDevice(threads: 2);
        var clipping = isClipped ? GradientClipping.ByNorm(0.5) : null;
        Assert.That(ScaledRun.Train(_device, create, clipping), Is.EqualTo(ScaledRun.Train(reference, create, clipping)));
    }

    /// <summary>A scale of a power of two is undone exactly: what is not skipped is what would have been without, clipped by norm, by value or not at all.</summary>
    [TestCase("none")]
    [TestCase("norm")]
    [TestCase("value")]
    public void ScalingByAPowerOfTwoChangesNothing(string kind)
    {
        var clipping = kind switch { "norm" => GradientClipping.ByNorm(0.7), "value" => GradientClipping.ByValue(0.2), _ => null };
        float[] Train(float scale)
        {
            var random = new Random(2);
            using var parameter = _device.CreateParameter<float>("p", [50], Numbers(random, 1));
            using var optimizer = new Adam([parameter]) { GradientClipping = clipping };
            using var scaler = scale == 1 ? null : new GradientScaler(_device, new() { InitialScale = scale, GrowthInterval = 1 });
            optimizer.GradientScaler = scaler;
            for (var step = 0; step < 4; step++, scale = scale == 1 ? 1 : 2 * scale)
            {
                parameter.Gradient.CopyFrom(Numbers(random, scale));
                optimizer.Step();
            }
            return parameter.Data.ToArray();
        }
        Bits.AreEqual<float>(Train(1024), Train(1), "parameter");

        static float[] Numbers(Random random, float scale) => [.. Enumerable.Range(0, 50).Select(_ => (random.NextSingle() - 0.5f) * scale)];
    }

    [Test]
    public void TheNormIsThatOfUnscaledGradients()
    {
        var parameter = _device.CreateParameter<float>("p", [2], [1, 1]);
        parameter.Gradient.CopyFrom([3f * 256, 4f * 256]);
        using var scaler = new GradientScaler(_device, new() { InitialScale = 256 });
        using var optimizer = new Sgd([parameter], new() { LearningRate = 0.5 }) { GradientScaler = scaler };
        optimizer.Step();
        Assert.That(optimizer.ReadGradientNorm(), Is.EqualTo(5));
        Assert.That(parameter.Data.ToArray(), Is.EqualTo([-0.5f, -1]));
        Assert.That(scaler.ReadSkippedSteps(), Is.Zero);
    }

    /// <summary>Growth that would leave the range of float does not happen, as in PyTorch.</summary>
    [Test]
    public void TheScaleStaysFinite()
    {
        var parameter = _device.CreateParameter<float>("p", [1], [1]);
        using var scaler = new GradientScaler(_device, new() { InitialScale = float.MaxValue, GrowthInterval = 1 });
        using var optimizer = new Sgd([parameter]) { GradientScaler = scaler };
        parameter.Gradient.Clear();
        optimizer.Step();
        Assert.That(scaler.State(), Is.EqualTo(new GradientScalerState(float.MaxValue, 2, 0.5, 1, 0)));
    }

    /// <summary>What is saved and loaded, by state or with a checkpoint's steps, goes on as if nothing had happened; so does training when the scaler goes.</summary>
    [Test]
    public void GoesOnFromItsState()
    {
        using var first = new GradientScaler(_device, new() { InitialScale = 8, GrowthFactor = 3, BackoffFactor = 0.25, GrowthInterval = 5 });
        var parameter = _device.CreateParameter<float>("p", [1], [1]);
        using var optimizer = new Adam([parameter]) { GradientScaler = first };
        foreach (var gradient in (float[])[8, float.NaN, 8, 8])
        {
            parameter.Gradient.CopyFrom([gradient]);
            optimizer.Step();
        }
        Assert.That(first.State(), Is.EqualTo(new GradientScalerState(2, 3, 0.25, 5, 2)));

        using var second = new GradientScaler(_device);
        second.Load(first.State());
        Assert.That(second.State(), Is.EqualTo(first.State()));
        optimizer.GradientScaler = second;
        optimizer.Step();
        Assert.That(second.State(), Is.EqualTo(new GradientScalerState(2, 3, 0.25, 5, 3)));
        optimizer.GradientScaler = null;
        optimizer.Step();
        Assert.That(optimizer.StateDictionary().Parameters["p"].Step, Is.EqualTo(5));
    }

    [Test]
    public void WrongUseIsRefused()
    {
        Assert.That(() => new GradientScalerOptions { InitialScale = 0 }, Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("InitialScale must be finite and above 0."));
        Assert.That(() => new GradientScalerOptions { InitialScale = 1e39 }, Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => new GradientScalerOptions { GrowthFactor = 1 }, Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("GrowthFactor must be finite and above 1."));
        Assert.That(() => new GradientScalerOptions { BackoffFactor = 1 }, Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("BackoffFactor must be in (0, 1)."));
        Assert.That(() => new GradientScalerOptions { GrowthInterval = 0 }, Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("GrowthInterval must be at least 1."));

        using var scaler = new GradientScaler(_device);
        Assert.That(() => scaler.Load(new(0, 2, 0.5, 1, 0)), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("Scale must be finite and above 0."));
        Assert.That(() => scaler.Load(new(1, 2, 0.5, 3, 3)), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("GrowthTracker must be at least 0 and less than GrowthInterval, 3."));
        Assert.That(scaler.State(), Is.EqualTo(new GradientScalerState(65536, 2, 0.5, 2000, 0)));

        var parameter = _device.CreateParameter<float>("p", [1], [1]);
        using var optimizer = new Sgd([parameter]) { GradientScaler = scaler };
        using var other = new Sgd([_device.CreateParameter<float>("q", [1])]);
        Assert.That(() => other.GradientScaler = scaler, Throws.ArgumentException.With.Message.Contains("GradientScaler must serve one optimizer"));
        using var elsewhere = new SimdDevice();
        using var foreign = new GradientScaler(elsewhere);
        Assert.That(() => optimizer.GradientScaler = foreign, Throws.ArgumentException.With.Message.Contains("GradientScaler must lie on the optimizer's device"));
        Assert.That(optimizer.GradientScaler, Is.SameAs(scaler));

        scaler.Dispose();
        Assert.That(optimizer.Step, Throws.TypeOf<ObjectDisposedException>());
        Assert.That(parameter.Data.ToArray(), Is.EqualTo([1f]));
        Assert.That(() => scaler.ReadScale(), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => other.GradientScaler = scaler, Throws.TypeOf<ObjectDisposedException>());
    }
}
