using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Rules;

/// <summary>Adamax: Adam with the largest size of past gradients, which decays, in place of the root of their mean square.</summary>
/// <remarks>Source: PyTorch 2.14, <c>torch/optim/adamax.py</c>, <c>_single_tensor_adamax</c>.</remarks>
public readonly record struct AdamaxRule : IUpdateRule
{
    private readonly WeightDecay _weightDecay;
    private readonly float _oneMinusBeta1, _beta2, _epsilon, _minusStepSize;
    private readonly Flag _maximize;

    /// <summary>Folds the constants of one step.</summary>
    /// <param name="step">Which update of the parameter this is, from 1.</param>
    /// <param name="learningRate">Step size.</param>
    /// <param name="beta1">Decay of the gradients' average.</param>
    /// <param name="beta2">Decay of their largest size.</param>
    /// <param name="epsilon">Added to each size, for numerical stability.</param>
    /// <param name="weightDecay">Strength of the weight decay.</param>
    /// <param name="mode">How it works.</param>
    /// <param name="maximize">Ascend instead of descend.</param>
    public AdamaxRule(long step, double learningRate, double beta1, double beta2, double epsilon, double weightDecay, WeightDecayMode mode, bool maximize)
    {
        _weightDecay = new(learningRate, weightDecay, mode);
        _oneMinusBeta1 = (float)(1 - beta1);
        _beta2 = (float)beta2;
        _epsilon = (float)epsilon;
        _minusStepSize = (float)-(learningRate / (1 - Math.Pow(beta1, step)));
        _maximize = maximize;
    }

    /// <inheritdoc/>
    public static int StateCount => 2;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<T>(ref T param, T grad, ref T expAvg, ref T expInf, ref T unused2) where T : struct, ILane<T>
    {
        if (_maximize)
            grad = grad.Neg();
        grad = _weightDecay.ToGradient(grad, param);

        expAvg = expAvg.Lerp(grad, _oneMinusBeta1);
        var size = grad.Max(grad.Neg());
        expInf = expInf.Mul(_beta2).Max(size.Add(_epsilon));

        param = _weightDecay.ToParameter(param, expAvg).AddCDiv(expAvg, expInf, _minusStepSize);
    }
}
