using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Rules.Variants;

namespace GpuOptim.Kernels.Rules;

/// <summary>Adam and AdamW, with or without AMSGrad: they differ only in where the weight decay goes.</summary>
/// <remarks>Source: PyTorch 2.13, <c>torch/optim/adam.py</c>, <c>_single_tensor_adam</c>.</remarks>
public readonly record struct AdamRule : ISwitchedRule
{
    private const int Amsgrad = 4, Maximize = 8;

    private readonly WeightDecay _weightDecay;
    private readonly float _oneMinusBeta1;
    private readonly float _beta2;
    private readonly float _oneMinusBeta2;
    private readonly float _biasCorrection2Sqrt;
    private readonly float _epsilon;
    private readonly float _minusStepSize;
    private readonly int _switches;

    /// <summary>Folds the constants of one step.</summary>
    /// <param name="step">Which update of the parameter this is, from 1.</param>
    /// <param name="learningRate">Step size.</param>
    /// <param name="beta1">Decay of the gradients' average.</param>
    /// <param name="beta2">Decay of the squares' average.</param>
    /// <param name="epsilon">Added to the root, for numerical stability.</param>
    /// <param name="weightDecay">Strength of the weight decay.</param>
    /// <param name="mode">How it works: Adam's is L2, AdamW's is decoupled.</param>
    /// <param name="amsgrad">Divide by the largest average of squares so far.</param>
    /// <param name="maximize">Ascend instead of descend.</param>
    public AdamRule(
        long step, double learningRate, double beta1, double beta2, double epsilon, double weightDecay, WeightDecayMode mode, bool amsgrad, bool maximize)
    {
        var biasCorrection1 = 1 - Math.Pow(beta1, step);
        var biasCorrection2 = 1 - Math.Pow(beta2, step);

        _weightDecay = new(learningRate, weightDecay, mode);
        _oneMinusBeta1 = (float)(1 - beta1);
        _beta2 = (float)beta2;
        _oneMinusBeta2 = (float)(1 - beta2);
        _biasCorrection2Sqrt = (float)Math.Pow(biasCorrection2, 0.5);
        _epsilon = (float)epsilon;
        _minusStepSize = (float)-(learningRate / biasCorrection1);
        _switches = _weightDecay.Kind | (amsgrad ? Amsgrad : 0) | (maximize ? Maximize : 0);
    }

    /// <inheritdoc/>
    public static int StateCount => 3;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<T>(ref T param, T grad, ref T expAvg, ref T expAvgSq, ref T maxExpAvgSq) where T : struct, ILane<T> =>
        Update<T, StoredSwitches>(ref param, grad, ref expAvg, ref expAvgSq, ref maxExpAvgSq);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static int ISwitchedRule.StatesOf(int switches) => 2 + (switches & Amsgrad) / Amsgrad;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    void ISwitchedRule.Apply<T, TSwitches>(ref T param, T grad, ref T expAvg, ref T expAvgSq, ref T maxExpAvgSq) =>
        Update<T, TSwitches>(ref param, grad, ref expAvg, ref expAvgSq, ref maxExpAvgSq);

    internal void Visit<TVisitor>(ref TVisitor visitor) where TVisitor : IRuleVisitor
    {
        switch (_switches)
        {
            case WeightDecay.None: visitor.Visit<RuleVariant<AdamRule, NoDecay>>(); break;
            case WeightDecay.L2: visitor.Visit<RuleVariant<AdamRule, L2Decay>>(); break;
            case WeightDecay.Factor: visitor.Visit<RuleVariant<AdamRule, FactorDecay>>(); break;
            default: visitor.Visit<AdamRule>(); break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Update<T, TSwitches>(ref T param, T grad, ref T expAvg, ref T expAvgSq, ref T maxExpAvgSq)
        where T : struct, ILane<T>
        where TSwitches : struct, ISwitches
    {
        if ((TSwitches.Of(_switches) & Maximize) != 0)
            grad = grad.Neg();
        grad = _weightDecay.ToGradient<T, TSwitches>(grad, param);

        expAvg = expAvg.Lerp(grad, _oneMinusBeta1);
        expAvgSq = expAvgSq.Mul(_beta2).AddCMul(grad, grad, _oneMinusBeta2);

        var squares = expAvgSq;
        if ((TSwitches.Of(_switches) & Amsgrad) != 0)
            squares = maxExpAvgSq = maxExpAvgSq.Max(expAvgSq);
        var denom = squares.Sqrt().Div(_biasCorrection2Sqrt).Add(_epsilon);

        param = _weightDecay.ToParameter<T, TSwitches>(param, expAvg).AddCDiv(expAvg, denom, _minusStepSize);
    }
}
