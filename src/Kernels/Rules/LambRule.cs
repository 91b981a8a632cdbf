using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Rules;

/// <summary>The first half of LAMB, which leaves the parameter as it is: Adam's direction, and the weight decay, which is a part of it.</summary>
/// <remarks>Source: You et al., 2019, arXiv:1904.00962, algorithm 2.</remarks>
public readonly record struct LambRule : IUpdateRule
{
    private readonly WeightDecay _weightDecay;
    private readonly float _oneMinusBeta1, _beta2, _oneMinusBeta2, _biasCorrection1, _biasCorrection2Sqrt, _epsilon;
    private readonly Flag _maximize;

    /// <summary>Folds the constants of one step.</summary>
    /// <param name="step">Which update of the parameter this is, from 1.</param>
    /// <param name="beta1">Decay of the gradients' average.</param>
    /// <param name="beta2">Decay of the squares' average.</param>
    /// <param name="epsilon">Added to the root, for numerical stability.</param>
    /// <param name="weightDecay">Strength of the weight decay.</param>
    /// <param name="mode">How it works; one that is independent is no part of the direction.</param>
    /// <param name="maximize">Ascend instead of descend.</param>
    public LambRule(long step, double beta1, double beta2, double epsilon, double weightDecay, WeightDecayMode mode, bool maximize)
    {
        _weightDecay = WeightDecay.OfDirection(weightDecay, mode);
        _oneMinusBeta1 = (float)(1 - beta1);
        _beta2 = (float)beta2;
        _oneMinusBeta2 = (float)(1 - beta2);
        _biasCorrection1 = (float)(1 - Math.Pow(beta1, step));
        _biasCorrection2Sqrt = (float)Math.Sqrt(1 - Math.Pow(beta2, step));
        _epsilon = (float)epsilon;
        _maximize = maximize;
    }

    /// <inheritdoc/>
    public static int StateCount => 3;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<T>(ref T param, T grad, ref T expAvg, ref T expAvgSq, ref T direction) where T : struct, ILane<T>
    {
        if (_maximize)
            grad = grad.Neg();
        grad = _weightDecay.ToGradient(grad, param);

        expAvg = expAvg.Lerp(grad, _oneMinusBeta1);
        expAvgSq = expAvgSq.Mul(_beta2).AddCMul(grad, grad, _oneMinusBeta2);
        var denom = expAvgSq.Sqrt().Div(_biasCorrection2Sqrt).Add(_epsilon);

        direction = _weightDecay.ToDirection(expAvg.Div(_biasCorrection1).Div(denom), param);
    }
}
