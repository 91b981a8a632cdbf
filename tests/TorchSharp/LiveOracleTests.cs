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
public sealed class LiveOracleTests : TorchTest
{
    private const double LearningRate = 0.02, WeightDecay = 0.01;

    /// <summary>Every optimizer of the notebook, and its variants.</summary>
    private static OptimizerOptions[] Variants =>
    [
        new SgdOptions { LearningRate = LearningRate },
        new SgdOptions { LearningRate = LearningRate, WeightDecay = WeightDecay },
        new SgdOptions { LearningRate = LearningRate, Momentum = 0.9, WeightDecay = WeightDecay },
        new SgdOptions { LearningRate = LearningRate, Momentum = 0.9, Nesterov = true },
        new SgdOptions { LearningRate = LearningRate, Momentum = 0.9, Dampening = 0.3, Maximize = true },
        new RmsPropOptions { LearningRate = LearningRate, WeightDecay = WeightDecay },
        new RmsPropOptions { LearningRate = LearningRate, Centered = true },
        new RmsPropOptions { LearningRate = LearningRate, Momentum = 0.9 },
        new RmsPropOptions { LearningRate = LearningRate, Centered = true, Momentum = 0.9, Maximize = true },
        new AdamOptions { LearningRate = LearningRate },
        new AdamOptions { LearningRate = LearningRate, WeightDecay = WeightDecay, Amsgrad = true },
        new AdamWOptions { LearningRate = LearningRate, WeightDecay = WeightDecay },
        new AdamWOptions { LearningRate = LearningRate, WeightDecay = WeightDecay, Amsgrad = true, Maximize = true },
        new MuonOptions { LearningRate = LearningRate, WeightDecay = WeightDecay },
        new MuonOptions { LearningRate = LearningRate, WeightDecay = WeightDecay, Nesterov = false },
    ];

    [Test]
    public void Float32([ValueSource(nameof(Variants))] OptimizerOptions options, [Values(42, 43, 44)] int seed) => Verify<float>(options, seed, options switch
    {
        SgdOptions => 0,
        // libtorch sums products in another order on some processors, which bfloat16 shows.
        MuonOptions => 2e-2,
        _ => 1e-6,
    });

    /// <summary>To the bit, but Muon: roots that MKL misses by their last bit round to the same bfloat16.</summary>
    [Test]
    public void BFloat16([ValueSource(nameof(Variants))] OptimizerOptions options, [Values(42, 43, 44)] int seed) => Verify<BFloat16>(options, seed, options is MuonOptions ? 2e-2 : 0);

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
            AdamOptionsBase options = decoupled
                ? new AdamWOptions { LearningRate = LearningRate, WeightDecay = WeightDecay }
                : new AdamOptions { LearningRate = LearningRate, WeightDecay = WeightDecay };
            using var optimizer = options.CreateOptimizer([own]);
            var oracle = new NotebookAdam(live, options);
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

    private static void Verify<T>(OptimizerOptions options, int seed, double tolerance) where T : unmanaged
    {
        random.manual_seed(seed);
        using var x = randn(16, 32);
        using var target = randn(16, 64);
        var type = typeof(T) == typeof(float) ? float32 : bfloat16;
        using var weight = randn(64, 32).to(type);
        NotebookOptimizer oracle = options switch
        {
            SgdOptions sgd => new NotebookSgd(weight, sgd),
            RmsPropOptions rmsProp => new NotebookRmsProp(weight, rmsProp),
            MuonOptions muon => new NotebookMuon(weight, muon),
            var adam => new NotebookAdam(weight, (AdamOptionsBase)adam),
        };

        using var device = new SimdDevice();
        var own = device.CreateParameter<T>("W", [64, 32], Values<T>(weight));
        using var optimizer = options.CreateOptimizer([own]);

        for (var step = 1; step <= 20; step++)
        {
            using var scope = NewDisposeScope();
            var live = weight.to(float32).detach().requires_grad_();
            (x.mm(live.t()) - target).square().mean().backward();
            var gradient = live.grad!.to(type);
            own.Gradient.CopyFrom(Values<T>(gradient));
            oracle.Step(gradient);
            optimizer.Step();

            AssertClose(own.Data.ToArray(), weight, tolerance, $"weight after step {step}");
            foreach (var (name, tensor) in oracle.State)
                AssertClose(optimizer.StateDictionary()["W"][name].Values<T>().ToArray(), tensor, tolerance, $"{name} after step {step}");
            // The next gradient shall come from the same weights.
            own.Data.CopyFrom(Values<T>(weight));
        }
    }

    /// <summary>A tensor's numbers, exactly: every bfloat16 is a float.</summary>
    private static T[] Values<T>(Tensor tensor) where T : unmanaged
    {
        using var floats = tensor.detach().to(float32);
        return typeof(T) == typeof(float)
            ? (T[])(object)floats.data<float>().ToArray()
            : (T[])(object)floats.data<float>().Select(value => (BFloat16)value).ToArray();
    }

    private static void AssertClose<T>(T[] actual, Tensor expected, double tolerance, string what) where T : unmanaged
    {
        if (tolerance == 0)
        {
            Bits.AreEqual<T>(actual, Values<T>(expected), what);
            return;
        }
        double[] values = [.. Values<T>(expected).Select(value => (double)Bits.ToFloat(value))], own = [.. actual.Select(value => (double)Bits.ToFloat(value))];
        Assert.That(own, Has.None.NaN, what);
        Assert.That(own.Zip(values, (a, b) => Math.Abs(a - b)).Max(), Is.LessThanOrEqualTo(tolerance * values.Max(Math.Abs)), what);
    }
}
