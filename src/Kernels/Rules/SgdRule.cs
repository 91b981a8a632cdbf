using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Rules.Variants;

namespace GpuOptim.Kernels.Rules;

/// <summary>Stochastic gradient descent with momentum.</summary>
/// <remarks>Source: PyTorch 2.13, <c>torch/optim/sgd.py</c>, <c>_single_tensor_sgd</c>.</remarks>
public readonly record struct SgdRule : ISwitchedRule
{
    private const int HasMomentum = 4, IsFirst = 8, Nesterov = 16, Maximize = 32;

    private readonly WeightDecay _weightDecay;
    private readonly float _momentum;
    private readonly float _oneMinusDampening;
    private readonly float _minusLearningRate;
    private readonly int _switches;

    /// <summary>Folds the constants of one step.</summary>
    /// <param name="learningRate">Step size.</param>
    /// <param name="momentum">Momentum; 0 for none.</param>
    /// <param name="dampening">What the gradient's share of the momentum is lessened by.</param>
    /// <param name="weightDecay">Strength of the weight decay.</param>
    /// <param name="mode">How it works.</param>
    /// <param name="nesterov">Look ahead along the momentum.</param>
    /// <param name="maximize">Ascend instead of descend.</param>
    /// <param name="isFirst">The momentum buffer holds nothing yet: it becomes the gradient itself, undamped.</param>
    public SgdRule(double learningRate, double momentum, double dampening, double weightDecay, WeightDecayMode mode, bool nesterov, bool maximize, bool isFirst)
    {
        _weightDecay = new(learningRate, weightDecay, mode);
        _momentum = (float)momentum;
        _oneMinusDampening = (float)(1 - dampening);
        _minusLearningRate = (float)-learningRate;
        _switches = _weightDecay.Kind | (maximize ? Maximize : 0);
        if (momentum != 0)
            _switches |= HasMomentum | (isFirst ? IsFirst : 0) | (nesterov ? Nesterov : 0);
    }

    /// <inheritdoc/>
    public static int StateCount => 1;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<T>(ref T param, T grad, ref T momentumBuffer, ref T unused1, ref T unused2) where T : struct, ILane<T> =>
        Update<T, StoredSwitches>(ref param, grad, ref momentumBuffer);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static int ISwitchedRule.StatesOf(int switches) => (switches & HasMomentum) / HasMomentum;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    void ISwitchedRule.Apply<T, TSwitches>(ref T param, T grad, ref T momentumBuffer, ref T unused1, ref T unused2) =>
        Update<T, TSwitches>(ref param, grad, ref momentumBuffer);

    internal void Visit<TVisitor>(ref TVisitor visitor) where TVisitor : IRuleVisitor
    {
        switch (_switches)
        {
            case WeightDecay.None: visitor.Visit<RuleVariant<SgdRule, NoDecay>>(); break;
            case WeightDecay.L2: visitor.Visit<RuleVariant<SgdRule, L2Decay>>(); break;
            case WeightDecay.None | HasMomentum: visitor.Visit<RuleVariant<SgdRule, Both<NoDecay, Momentum>>>(); break;
            case WeightDecay.L2 | HasMomentum: visitor.Visit<RuleVariant<SgdRule, Both<L2Decay, Momentum>>>(); break;
            case WeightDecay.None | HasMomentum | Nesterov: visitor.Visit<RuleVariant<SgdRule, Both<NoDecay, NesterovMomentum>>>(); break;
            case WeightDecay.L2 | HasMomentum | Nesterov: visitor.Visit<RuleVariant<SgdRule, Both<L2Decay, NesterovMomentum>>>(); break;
            default: visitor.Visit<SgdRule>(); break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Update<T, TSwitches>(ref T param, T grad, ref T momentumBuffer)
        where T : struct, ILane<T>
        where TSwitches : struct, ISwitches
    {
        if ((TSwitches.Of(_switches) & Maximize) != 0)
            grad = grad.Neg();
        grad = _weightDecay.ToGradient<T, TSwitches>(grad, param);

        if ((TSwitches.Of(_switches) & HasMomentum) != 0)
        {
            momentumBuffer = (TSwitches.Of(_switches) & IsFirst) != 0 ? grad : momentumBuffer.Mul(_momentum).Add(grad, _oneMinusDampening);
            grad = (TSwitches.Of(_switches) & Nesterov) != 0 ? grad.Add(momentumBuffer, _momentum) : momentumBuffer;
        }

        param = _weightDecay.ToParameter<T, TSwitches>(param, grad).Add(grad, _minusLearningRate);
    }

    internal readonly struct Momentum : ISwitches
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static int Of(int stored) => HasMomentum;
    }

    internal readonly struct NesterovMomentum : ISwitches
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static int Of(int stored) => HasMomentum | Nesterov;
    }
}
