using BenchmarkDotNet.Attributes;
using GpuOptim.Host;
using GpuOptim.Optimizers;

namespace GpuOptim.Microbenchmarks;

/// <summary>A step on one small matrix, on the calling thread: what a step costs beyond its numbers. It allocates nothing.</summary>
[MemoryDiagnoser]
public class SmallTensor
{
    private const double LearningRate = 1e-3, Decay = 0.01;

    private readonly List<IDisposable> _owned = [];
    private Optimizer _sgd = null!, _momentum = null!, _rmsProp = null!, _adam = null!, _adamW = null!, _muon = null!;

    /// <summary>Elements: the matrix is a square.</summary>
    [Params(1, 16, 1024)]
    public int Length { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var rate = LearningRate;
        _sgd = Create(new SgdOptions { LearningRate = rate }, (p, g) => p - rate * g);
        _momentum = Create(new SgdOptions { LearningRate = rate, Momentum = 0.9 }, (p, g) => p - rate * g);
        _rmsProp = Create(new RmsPropOptions { LearningRate = rate, Alpha = 0.99 }, (p, g) => p - rate * Math.Sign(g) / Math.Sqrt(0.01));
        _adam = Create(new AdamOptions { LearningRate = rate }, (p, g) => p - rate * Math.Sign(g));
        _adamW = Create(new AdamWOptions { LearningRate = rate, WeightDecay = Decay }, (p, g) => p * (1 - rate * Decay) - rate * Math.Sign(g));
        _muon = Create(new MuonOptions { LearningRate = rate, WeightDecay = 0 }, first: null);
    }

    [GlobalCleanup]
    public void Free()
    {
        // Optimizers before their device.
        for (var i = _owned.Count - 1; i >= 0; i--)
            _owned[i].Dispose();
    }

    [Benchmark]
    public void Sgd() => _sgd.Step();

    [Benchmark]
    public void SgdMomentum() => _momentum.Step();

    [Benchmark]
    public void RmsProp() => _rmsProp.Step();

    [Benchmark]
    public void Adam() => _adam.Step();

    [Benchmark]
    public void AdamW() => _adamW.Step();

    [Benchmark]
    public void Muon() => _muon.Step();

    /// <summary>Makes an optimizer and checks its first step.</summary>
    /// <param name="options">Its options.</param>
    /// <param name="first">What the step makes of a parameter and its gradient; null for that of a device that computes one number at a time.</param>
    private Optimizer Create(OptimizerOptions options, Func<double, double, double>? first)
    {
        var random = new Random(1);
        float[] Numbers() => [.. Enumerable.Range(0, Length).Select(_ => (0.5f + random.NextSingle()) * (random.Next(2) == 0 ? -1 : 1))];
        var (data, gradients) = (Numbers(), Numbers());
        var (optimizer, stepped) = Step(options, vectorBits: null, data, gradients);
        var expected = first is null
            ? Step(options, vectorBits: 32, data, gradients).Stepped
            : [.. data.Zip(gradients, (p, g) => (float)first(p, g))];
        for (var i = 0; i < Length; i++)
        {
            // NaN is wrong, too.
            if (!(Math.Abs(stepped[i] - expected[i]) <= 1e-6) || stepped[i] == data[i])
                throw new InvalidOperationException($"{optimizer.GetType().Name} must step to {expected[i]:G9} at {i}. Actual value was {stepped[i]:G9}.");
        }
        return optimizer;
    }

    private (Optimizer Optimizer, float[] Stepped) Step(OptimizerOptions options, int? vectorBits, float[] data, float[] gradients)
    {
        var side = (int)Math.Sqrt(Length);
        var device = new SimdDevice(threads: 1, vectorBits);
        var parameter = device.CreateParameter<float>("weight", [side, side], data);
        parameter.Gradient.CopyFrom(gradients);
        var optimizer = options.CreateOptimizer([parameter]);
        _owned.AddRange([device, parameter, optimizer]);
        optimizer.Step();
        return (optimizer, parameter.Data.ToArray());
    }
}
