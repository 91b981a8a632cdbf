using BenchmarkDotNet.Attributes;
using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Rules;
using GpuOptim.Kernels.Rules.Variants;
using GpuOptim.Kernels.Simd;

namespace GpuOptim.Microbenchmarks;

/// <summary>The loop of each optimizer, as a step runs it, on a tensor in the first- or second-level cache.</summary>
public unsafe class UpdateLoops : VectorBenchmark
{
    private const int Length = 1024;
    private const double LearningRate = 1e-3, Decay = 0.01, Momentum = 0.9, Alpha = 0.99, Beta1 = 0.9, Beta2 = 0.999, Epsilon = 1e-8;
    private const long Step = 1000;

    private readonly RuleVariant<SgdRule, NoDecay> _sgd =
        new(new(LearningRate, momentum: 0, dampening: 0, weightDecay: 0, WeightDecayMode.L2, nesterov: false, maximize: false, isFirst: false));

    private readonly RuleVariant<SgdRule, Both<NoDecay, SgdRule.Momentum>> _momentum =
        new(new(LearningRate, Momentum, dampening: 0, weightDecay: 0, WeightDecayMode.L2, nesterov: false, maximize: false, isFirst: false));

    private readonly RuleVariant<RmsPropRule, NoDecay> _rmsProp =
        new(new(LearningRate, Alpha, Epsilon, weightDecay: 0, WeightDecayMode.L2, momentum: 0, centered: false, maximize: false));

    private readonly RuleVariant<AdamRule, NoDecay> _adam =
        new(new(Step, LearningRate, Beta1, Beta2, Epsilon, weightDecay: 0, WeightDecayMode.L2, amsgrad: false, maximize: false));

    private readonly RuleVariant<AdamRule, FactorDecay> _adamW =
        new(new(Step, LearningRate, Beta1, Beta2, Epsilon, Decay, WeightDecayMode.Decoupled, amsgrad: false, maximize: false));

    private byte* _parameter, _gradient, _state0, _state1;

    /// <summary>The type of parameter, gradient and state, and the one computed in.</summary>
    [Params(ElementType.Float32, ElementType.BFloat16)]
    public ElementType Type { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        Check(nameof(Sgd), Sgd, (p, g, m, v) => p - LearningRate * g);
        Check(nameof(SgdMomentum), SgdMomentum, (p, g, m, v) => p - LearningRate * (Momentum * m + g));
        Check(nameof(RmsProp), RmsProp, (p, g, m, v) => p - LearningRate * g / (Math.Sqrt(Alpha * m + (1 - Alpha) * g * g) + Epsilon));
        Check(nameof(Adam), Adam, (p, g, m, v) => p - Adaptive(g, m, v));
        Check(nameof(AdamW), AdamW, (p, g, m, v) => p * (1 - LearningRate * Decay) - Adaptive(g, m, v));

        static double Adaptive(double g, double m, double v) =>
            LearningRate / (1 - Math.Pow(Beta1, Step)) * (Beta1 * m + (1 - Beta1) * g)
            / (Math.Sqrt((Beta2 * v + (1 - Beta2) * g * g) / (1 - Math.Pow(Beta2, Step))) + Epsilon);
    }

    [Benchmark(OperationsPerInvoke = Length)]
    public void Sgd() => Update(_sgd, states: 0);

    [Benchmark(OperationsPerInvoke = Length)]
    public void SgdMomentum() => Update(_momentum, states: 1);

    [Benchmark(OperationsPerInvoke = Length)]
    public void RmsProp() => Update(_rmsProp, states: 1);

    [Benchmark(OperationsPerInvoke = Length)]
    public void Adam() => Update(_adam, states: 2);

    [Benchmark(OperationsPerInvoke = Length)]
    public void AdamW() => Update(_adamW, states: 2);

    private void Update<TRule>(TRule rule, int states) where TRule : unmanaged, IUpdateRule
    {
        var piece = new UpdatePiece((nint)_parameter, states > 0 ? (nint)_state0 : 0, states > 1 ? (nint)_state1 : 0, 0, 0, 0, Length);
        var gradient = (nint)_gradient;
        if (Type == ElementType.Float32)
            AtWidth(new Loop<TRule, Float32Format, InSequence>(&rule, &piece, &gradient));
        else
            AtWidth(new Loop<TRule, BFloat16Format, Alternating>(&rule, &piece, &gradient));
    }

    /// <summary>One update of fresh numbers, in double.</summary>
    private void Check(string what, Action update, Func<double, double, double, double, double> expected)
    {
        Free();
        _parameter = Fresh(signed: true);
        _gradient = Fresh(signed: true);
        // Positive, as averages of squares are.
        _state0 = Fresh(signed: false);
        _state1 = Fresh(signed: false);
        var before = Enumerable.Range(0, Length).Select(i => (Read(_parameter, i), Read(_gradient, i), Read(_state0, i), Read(_state1, i))).ToArray();
        update();
        for (var i = 0; i < Length; i++)
        {
            var (p, g, m, v) = before[i];
            Check(what, i, Read(_parameter, i), expected(p, g, m, v), tolerance: Type == ElementType.Float32 ? 1e-6 : 1.0 / 128);
        }
    }

    private byte* Fresh(bool signed)
    {
        var numbers = Numbers(Length, signed);
        if (Type == ElementType.Float32)
            return (byte*)numbers;
        var rounded = Allocate<BFloat16>(Length);
        for (var i = 0; i < Length; i++)
            rounded[i] = (BFloat16)numbers[i];
        return (byte*)rounded;
    }

    private double Read(byte* numbers, int index) => Type == ElementType.Float32 ? ((float*)numbers)[index] : ((BFloat16*)numbers)[index];

    private readonly struct Loop<TRule, TFormat, TOrder>(TRule* rule, UpdatePiece* piece, nint* gradient) : IVectorLoop
        where TRule : unmanaged, IUpdateRule
        where TFormat : IFormat
        where TOrder : IPairOrder
    {
        public void Run<TFloats>() where TFloats : unmanaged, IRegister<TFloats>
        {
            // As the device chooses: the reference goes one by one, vectors in pairs.
            if (typeof(TFloats) == typeof(Floats1))
                ElementwiseLoop<TRule, TFloats, TFormat, TFormat, TFormat, TFormat>.Run(rule, piece, 1, gradient, asksAhead: false);
            else
                ElementwiseLoop<TRule, Pair<TFloats, TOrder>, TFormat, TFormat, TFormat, TFormat>.Run(rule, piece, 1, gradient, asksAhead: false);
        }
    }
}
