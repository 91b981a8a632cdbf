using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Rules.Variants;

namespace GpuOptim.Kernels.Rules;

/// <summary>RMSprop, plain or centered, with or without momentum.</summary>
/// <remarks>Source: PyTorch 2.13, <c>torch/optim/rmsprop.py</c>, <c>_single_tensor_rmsprop</c>.</remarks>
public readonly record struct RmsPropRule : ISwitchedRule
{
    private const int HasMomentum = 4, Centered = 8, Maximize = 16;

    private readonly float _alpha;
    private readonly float _oneMinusAlpha;
    private readonly float _epsilon;
    private readonly WeightDecay _weightDecay;
    private readonly float _momentum;
    private readonly float _minusLearningRate;
    private readonly int _switches;

    /// <summary>Folds the constants of one step.</summary>
    /// <param name="learningRate">Step size.</param>
    /// <param name="alpha">Smoothing constant of the squares' average.</param>
    /// <param name="epsilon">Added to the root, for numerical stability.</param>
    /// <param name="weightDecay">Strength of the weight decay.</param>
    /// <param name="mode">How it works.</param>
    /// <param name="momentum">Momentum; 0 for none.</param>
    /// <param name="centered">Divide by an estimate of the standard deviation.</param>
    /// <param name="maximize">Ascend instead of descend.</param>
    public RmsPropRule(double learningRate, double alpha, double epsilon, double weightDecay, WeightDecayMode mode, double momentum, bool centered, bool maximize)
    {
        _alpha = (float)alpha;
        _oneMinusAlpha = (float)(1 - alpha);
        _epsilon = (float)epsilon;
        _weightDecay = new(learningRate, weightDecay, mode);
        _momentum = (float)momentum;
        _minusLearningRate = (float)-learningRate;
        _switches = _weightDecay.Kind | (momentum != 0 ? HasMomentum : 0) | (centered ? Centered : 0) | (maximize ? Maximize : 0);
    }

    /// <inheritdoc/>
    public static int StateCount => 3;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<T>(ref T param, T grad, ref T squareAvg, ref T gradAvg, ref T momentumBuffer) where T : struct, ILane<T> =>
        Update<T, StoredSwitches>(ref param, grad, ref squareAvg, ref gradAvg, ref momentumBuffer);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static int ISwitchedRule.StatesOf(int switches) => 1 + (switches & Centered) / Centered + (switches & HasMomentum) / HasMomentum * (2 - (switches & Centered) / Centered);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    void ISwitchedRule.Apply<T, TSwitches>(ref T param, T grad, ref T squareAvg, ref T gradAvg, ref T momentumBuffer) =>
        Update<T, TSwitches>(ref param, grad, ref squareAvg, ref gradAvg, ref momentumBuffer);

    internal void Visit<TVisitor>(ref TVisitor visitor) where TVisitor : IRuleVisitor
    {
        switch (_switches)
        {
            case WeightDecay.None: visitor.Visit<RuleVariant<RmsPropRule, NoDecay>>(); break;
            case WeightDecay.L2: visitor.Visit<RuleVariant<RmsPropRule, L2Decay>>(); break;
            case WeightDecay.None | HasMomentum: visitor.Visit<RuleVariant<RmsPropRule, Both<NoDecay, Momentum>>>(); break;
            default: visitor.Visit<RmsPropRule>(); break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Update<T, TSwitches>(ref T param, T grad, ref T squareAvg, ref T gradAvg, ref T momentumBuffer)
        where T : struct, ILane<T>
        where TSwitches : struct, ISwitches
    {
        if ((TSwitches.Of(_switches) & Maximize) != 0)
            grad = grad.Neg();
        grad = _weightDecay.ToGradient<T, TSwitches>(grad, param);

        squareAvg = squareAvg.Mul(_alpha).AddCMul(grad, grad, _oneMinusAlpha);

        var avg = squareAvg;
        if ((TSwitches.Of(_switches) & Centered) != 0)
        {
            gradAvg = gradAvg.Lerp(grad, _oneMinusAlpha);
            avg = squareAvg.AddCMul(gradAvg, gradAvg, -1);
        }
        avg = avg.Sqrt().Add(_epsilon);

        var direction = grad;
        if ((TSwitches.Of(_switches) & HasMomentum) != 0)
            direction = momentumBuffer = momentumBuffer.Mul(_momentum).AddCDiv(grad, avg, 1);
        param = _weightDecay.ToParameter<T, TSwitches>(param, direction);
        param = (TSwitches.Of(_switches) & HasMomentum) != 0
            ? param.Add(momentumBuffer, _minusLearningRate)
            : param.AddCDiv(grad, avg, _minusLearningRate);
    }

    internal readonly struct Momentum : ISwitches
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static int Of(int stored) => HasMomentum;
    }
}
