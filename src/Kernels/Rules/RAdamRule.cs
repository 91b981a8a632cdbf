using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Rules;

/// <summary>RAdam: Adam whose steps are smaller as long as there are few squares to average, and at the very first do without them.</summary>
/// <remarks>Source: PyTorch 2.14, <c>torch/optim/radam.py</c>, <c>_single_tensor_radam</c>.</remarks>
public readonly record struct RAdamRule : IUpdateRule
{
    private readonly WeightDecay _weightDecay;
    private readonly float _oneMinusBeta1, _beta2, _oneMinusBeta2, _biasCorrection1, _biasCorrection2Sqrt, _epsilon, _learningRate, _rectification;
    private readonly Flag _isAdaptive, _maximize;

    /// <summary>Folds the constants of one step.</summary>
    /// <param name="step">Which update of the parameter this is, from 1.</param>
    /// <param name="learningRate">Step size.</param>
    /// <param name="beta1">Decay of the gradients' average.</param>
    /// <param name="beta2">Decay of the squares' average.</param>
    /// <param name="epsilon">Added to the root, for numerical stability.</param>
    /// <param name="weightDecay">Strength of the weight decay.</param>
    /// <param name="mode">How it works.</param>
    /// <param name="maximize">Ascend instead of descend.</param>
    public RAdamRule(long step, double learningRate, double beta1, double beta2, double epsilon, double weightDecay, WeightDecayMode mode, bool maximize)
    {
        var biasCorrection2 = 1 - Math.Pow(beta2, step);
        // How many gradients the average of squares is worth, in the end and now.
        var rhoInf = 2 / (1 - beta2) - 1;
        var rho = rhoInf - 2 * step * Math.Pow(beta2, step) / biasCorrection2;

        _weightDecay = new(learningRate, weightDecay, mode);
        _oneMinusBeta1 = (float)(1 - beta1);
        _beta2 = (float)beta2;
        _oneMinusBeta2 = (float)(1 - beta2);
        _biasCorrection1 = (float)(1 - Math.Pow(beta1, step));
        _biasCorrection2Sqrt = (float)Math.Pow(biasCorrection2, 0.5);
        _epsilon = (float)epsilon;
        _learningRate = (float)learningRate;
        _isAdaptive = rho > 5;
        _rectification = rho > 5 ? (float)Math.Pow((rho - 4) * (rho - 2) * rhoInf / ((rhoInf - 4) * (rhoInf - 2) * rho), 0.5) : 1;
        _maximize = maximize;
    }

    /// <inheritdoc/>
    public static int StateCount => 2;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<T>(ref T param, T grad, ref T expAvg, ref T expAvgSq, ref T unused2) where T : struct, ILane<T>
    {
        if (_maximize)
            grad = grad.Neg();
        grad = _weightDecay.ToGradient(grad, param);

        expAvg = expAvg.Lerp(grad, _oneMinusBeta1);
        expAvgSq = expAvgSq.Mul(_beta2).AddCMul(grad, grad, _oneMinusBeta2);

        var update = expAvg.Div(_biasCorrection1).Mul(_learningRate);
        if (_isAdaptive)
        {
            // PyTorch's quotient of a number and a tensor is the number times the reciprocal.
            var adaptiveRate = T.Full(1).Div(expAvgSq.Sqrt().Add(_epsilon)).Mul(_biasCorrection2Sqrt);
            update = update.Mul(adaptiveRate).Mul(_rectification);
        }

        param = _weightDecay.ToParameter(param, expAvg).Add(update, -1);
    }
}
