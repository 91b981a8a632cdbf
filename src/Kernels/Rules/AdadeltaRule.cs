using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Rules;

/// <summary>Adadelta: the root of the steps' mean square over that of the gradients', so that a step is in the parameter's own unit.</summary>
/// <remarks>Source: PyTorch 2.14, <c>torch/optim/adadelta.py</c>, <c>_single_tensor_adadelta</c>.</remarks>
public readonly record struct AdadeltaRule : IUpdateRule
{
    private readonly WeightDecay _weightDecay;
    private readonly float _rho, _oneMinusRho, _epsilon, _minusLearningRate;
    private readonly Flag _maximize;

    /// <summary>Folds the constants of one step.</summary>
    /// <param name="learningRate">What steps are multiplied by.</param>
    /// <param name="rho">Decay of both averages.</param>
    /// <param name="epsilon">Added to both before the root, for numerical stability.</param>
    /// <param name="weightDecay">Strength of the weight decay.</param>
    /// <param name="mode">How it works.</param>
    /// <param name="maximize">Ascend instead of descend.</param>
    public AdadeltaRule(double learningRate, double rho, double epsilon, double weightDecay, WeightDecayMode mode, bool maximize)
    {
        _weightDecay = new(learningRate, weightDecay, mode);
        _rho = (float)rho;
        _oneMinusRho = (float)(1 - rho);
        _epsilon = (float)epsilon;
        _minusLearningRate = (float)-learningRate;
        _maximize = maximize;
    }

    /// <inheritdoc/>
    public static int StateCount => 2;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<T>(ref T param, T grad, ref T squareAvg, ref T accDelta, ref T unused2) where T : struct, ILane<T>
    {
        if (_maximize)
            grad = grad.Neg();
        grad = _weightDecay.ToGradient(grad, param);

        squareAvg = squareAvg.Mul(_rho).AddCMul(grad, grad, _oneMinusRho);
        var delta = accDelta.Add(_epsilon).Sqrt().Div(squareAvg.Add(_epsilon).Sqrt()).Mul(grad);
        accDelta = accDelta.Mul(_rho).AddCMul(delta, delta, _oneMinusRho);

        param = _weightDecay.ToParameter(param, delta).Add(delta, _minusLearningRate);
    }
}
