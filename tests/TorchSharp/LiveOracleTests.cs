using GpuOptim.Host;
using GpuOptim.Optimizers;
using GpuOptim.Tests.Support;
using static TorchSharp.torch;

namespace GpuOptim.Tests.TorchSharp;

/// <summary>
/// The notebook's experiment against the installed libtorch, live: a linear layer 64 x 32 learns 16 random targets for 20 steps, its
/// gradients computed by autograd. Additions, products and interpolations agree to the bit; libtorch's x86 builds take square roots from
/// MKL, which misses the last bit of some, so there the bound is 1e-6 of the largest value.
/// </summary>
public sealed class LiveOracleTests
{
    private const double LearningRate = 0.02, WeightDecay = 0.01;

    /// <summary>The package may be there while its native library does not load: it asks for a recent libstdc++.</summary>
    [OneTimeSetUp]
    public void LoadNativeLibrary()
    {
        try
        {
            using var one = ones(1);
        }
        catch (TypeInitializationException failure) when (!OptionalPackage.IsRequired("TorchSharp"))
        {
            Assert.Ignore($"TorchSharp was restored, but its native library does not load on this machine: {failure.InnerException?.Message.Split('\n')[0]}");
        }
    }

    [Test]
    public void Sgd([Values(0, 0.01)] double weightDecay) => Verify(
        parameter => new NotebookSgd(parameter, LearningRate, 0, weightDecay),
        parameters => new Sgd(parameters, new() { LearningRate = LearningRate, WeightDecay = weightDecay }),
        tolerance: 0);

    [Test]
    public void Momentum() => Verify(
        parameter => new NotebookSgd(parameter, LearningRate, 0.9, WeightDecay),
        parameters => new Sgd(parameters, new() { LearningRate = LearningRate, Momentum = 0.9, WeightDecay = WeightDecay }),
        tolerance: 0);

    [Test]
    public void RmsProp() => Verify(
        parameter => new NotebookRmsProp(parameter, LearningRate, 0.99, 1e-8, WeightDecay),
        parameters => new RmsProp(parameters, new() { LearningRate = LearningRate, WeightDecay = WeightDecay }),
        tolerance: 1e-6);

    [Test]
    public void Adam() => Verify(
        parameter => new NotebookAdam(parameter, LearningRate, 0.9, 0.999, 1e-8, WeightDecay, decoupled: false),
        parameters => new Adam(parameters, new() { LearningRate = LearningRate, WeightDecay = WeightDecay }),
        tolerance: 1e-6);

    [Test]
    public void AdamW() => Verify(
        parameter => new NotebookAdam(parameter, LearningRate, 0.9, 0.999, 1e-8, WeightDecay, decoupled: true),
        parameters => new AdamW(parameters, new() { LearningRate = LearningRate, WeightDecay = WeightDecay }),
        tolerance: 1e-6);

    /// <summary>libtorch sums products in another order on some processors, which bfloat16 shows.</summary>
    [Test]
    public void Muon() => Verify(
        parameter => new NotebookMuon(parameter, LearningRate, 0.95, WeightDecay, 5),
        parameters => new Muon(parameters, new() { LearningRate = LearningRate, WeightDecay = WeightDecay }),
        tolerance: 2e-2);

    /// <summary>NaN, infinities, zeros and subnormals among the gradients: NaN where libtorch has NaN, infinite where it is.</summary>
    [Test]
    public void SpecialValues()
    {
        float[] specials = [float.NaN, float.PositiveInfinity, float.NegativeInfinity, 0, -0f, float.Epsilon, -1e-40f, float.MaxValue, 1, -1];
        var gradients = Enumerable.Range(0, 60).Select(i => specials[i % 7 * 3 % specials.Length]).ToArray();
        foreach (var decoupled in new[] { true, false })
        {
            using var device = new SimdDevice();
            var own = device.CreateParameter<float>("p", [60], [.. gradients.Reverse()]);
            using var live = tensor(own.Data.ToArray());
            using Optimizer optimizer = decoupled
                ? new AdamW([own], new() { LearningRate = LearningRate, WeightDecay = WeightDecay })
                : new Adam([own], new() { LearningRate = LearningRate, WeightDecay = WeightDecay });
            var oracle = new NotebookAdam(live, LearningRate, 0.9, 0.999, 1e-8, WeightDecay, decoupled);
            for (var t = 0; t < 3; t++)
            {
                own.Gradient.CopyFrom(gradients);
                using var gradient = tensor(gradients);
                optimizer.Step();
                oracle.Step(gradient);
                Assert.That(own.Data.ToArray(), Is.EqualTo(live.data<float>().ToArray()).Within(1e-4).Percent);
            }
        }
    }

    private static void Verify(Func<Tensor, NotebookOptimizer> createOracle, Func<Parameter[], Optimizer> create, double tolerance)
    {
        random.manual_seed(42);
        using var x = randn(16, 32);
        using var target = randn(16, 64);
        using var weight = randn(64, 32).requires_grad_();
        var oracle = createOracle(weight);

        using var device = new SimdDevice();
        var own = device.CreateParameter("W", [64, 32], weight.data<float>().ToArray());
        using var optimizer = create([own]);

        for (var step = 1; step <= 20; step++)
        {
            using var scope = NewDisposeScope();
            if (weight.grad is { } old)
                old.zero_();
            (x.mm(weight.t()) - target).square().mean().backward();
            own.Gradient.CopyFrom(weight.grad!.data<float>().ToArray());
            oracle.Step(weight.grad!);
            optimizer.Step();

            AssertClose(own.Data.ToArray(), weight, tolerance, $"weight after step {step}");
            foreach (var (name, tensor) in oracle.State)
                AssertClose(optimizer.StateDictionary()["W"][name].Values<float>().ToArray(), tensor, tolerance, $"{name} after step {step}");
            // The next gradient shall come from the same weights.
            own.Data.CopyFrom(weight.data<float>().ToArray());
        }
    }

    private static void AssertClose(float[] actual, Tensor expected, double tolerance, string what)
    {
        var values = expected.data<float>().ToArray();
        var bound = tolerance * values.Max(Math.Abs);
        Assert.That(actual.Zip(values, (a, b) => Math.Abs((double)a - b)).Max(), Is.LessThanOrEqualTo(bound), what);
    }
}
