using GpuOptim.Host;
using GpuOptim.Optimizers;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Optimizers;

/// <summary>Decay apart from the gradient, of every optimizer, on every device. The L2 penalty is PyTorch's, and so is AdamW's and Muon's decay: recorded runs hold those.</summary>
[TestFixtureSource(typeof(TestDevice), nameof(TestDevice.Fixtures))]
public sealed class WeightDecayTests(TestDevice testDevice)
{
    private const double LearningRate = 0.05, Decay = 0.3;

    private Device _device = null!;

    [SetUp]
    public void Open() => _device = testDevice.Open();

    [TearDown]
    public void Close() => _device.Dispose();

    public static IEnumerable<OptimizerOptions> Optimizers =>
    [
        new SgdOptions(),
        new SgdOptions { Momentum = 0.9, Nesterov = true, Maximize = true },
        new RmsPropOptions(),
        new RmsPropOptions { Momentum = 0.9, Centered = true },
        new AdamOptions { Amsgrad = true },
        new AdamWOptions { Maximize = true },
        new AdagradOptions { LearningRateDecay = 0 },
        new AdadeltaOptions { Epsilon = 1e-3 },
        new AdamaxOptions(),
        new NAdamOptions(),
        new RAdamOptions { Beta2 = 0.5 },
        new RpropOptions(),
        new AsgdOptions { Lambda = 0 },
        new LionOptions(),
        new AdafactorOptions(),
        new MuonOptions(),
    ];

    /// <summary>What is subtracted without decay, and the decay by its formula, make the step with decay.</summary>
    [Test]
    public void IsTheFormulas([ValueSource(nameof(Optimizers))] OptimizerOptions options, [Values(WeightDecayMode.Decoupled, WeightDecayMode.Cautious, WeightDecayMode.Independent)] WeightDecayMode mode)
    {
        const int Rows = 13, Columns = 9;
        var random = new Random(4);
        float[] initial = [.. Enumerable.Range(0, Rows * Columns).Select(i => i % 10 == 3 ? 0 : random.NextSingle() - 0.5f)];
        Parameter<float> decayed = _device.CreateParameter<float>("p", [Rows, Columns], initial), free = _device.CreateParameter<float>("p", [Rows, Columns]);
        using var optimizer = (options with { LearningRate = LearningRate, WeightDecay = Decay, WeightDecayMode = mode }).CreateOptimizer([decayed]);
        using var without = (options with { LearningRate = LearningRate, WeightDecay = 0, WeightDecayMode = mode }).CreateOptimizer([free]);
        for (var step = 0; step < 3; step++)
        {
            float[] before = decayed.Data.ToArray(), gradient = [.. Enumerable.Range(0, initial.Length).Select(i => i % 7 == 2 ? 0 : random.NextSingle() - 0.5f)];
            free.Data.CopyFrom(before);
            decayed.Gradient.CopyFrom(gradient);
            free.Gradient.CopyFrom(gradient);
            optimizer.Step();
            without.Step();
            float[] after = decayed.Data.ToArray(), target = free.Data.ToArray();
            for (var i = 0; i < before.Length; i++)
            {
                double p = before[i], moved = p - target[i];
                var decay = mode switch
                {
                    WeightDecayMode.Decoupled => LearningRate * Decay,
                    WeightDecayMode.Independent => Decay,
                    _ => moved * p >= 0 ? LearningRate * Decay : 0,
                };
                Assert.That(after[i], Is.EqualTo(p - decay * p - moved).Within(3e-7), $"element {i} of {p}, moved by {moved}, in step {step}");
            }
        }
    }

    [Test]
    public void WrongUseIsRefused()
    {
        Assert.That(() => new SgdOptions { WeightDecayMode = (WeightDecayMode)7 }, Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("WeightDecayMode must be one of L2, Decoupled, Cautious, Independent."));
        var matrix = _device.CreateParameter("m", [2, 2]);
        Assert.That(() => new Muon([matrix], new() { WeightDecayMode = WeightDecayMode.L2 }), Throws.ArgumentException.With.Message.Contains("WeightDecayMode must be Decoupled, Cautious or Independent where gradients are orthogonalized"));
        using var optimizer = new Muon([matrix]);
        Assert.That(() => optimizer.Groups[0].Options = new() { WeightDecayMode = WeightDecayMode.L2 }, Throws.ArgumentException);
        Assert.That(optimizer.Groups[0].Options, Is.EqualTo(new MuonOptions()));
    }
}
