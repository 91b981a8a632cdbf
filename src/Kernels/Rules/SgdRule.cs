using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Rules;

/// <summary>Stochastic gradient descent with momentum.</summary>
/// <remarks>Source: PyTorch 2.13, <c>torch/optim/sgd.py</c>, <c>_single_tensor_sgd</c>.</remarks>
public readonly record struct SgdRule : IUpdateRule
{
    private readonly WeightDecay _weightDecay;
    private readonly float _momentum;
    private readonly float _oneMinusDampening;
    private readonly float _minusLearningRate;
    private readonly Flag _hasMomentum;
    private readonly Flag _isFirst;
    private readonly Flag _nesterov;
    private readonly Flag _maximize;

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
        _hasMomentum = momentum != 0;
        _isFirst = isFirst;
        _nesterov = nesterov;
        _maximize = maximize;
    }

    /// <inheritdoc/>
    public static int StateCount => 1;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<T>(ref T param, T grad, ref T momentumBuffer, ref T unused1, ref T unused2) where T : struct, ILane<T>
    {
        if (_maximize)
            grad = grad.Neg();
        grad = _weightDecay.ToGradient(grad, param);

        if (_hasMomentum)
        {
            momentumBuffer = _isFirst ? grad : momentumBuffer.Mul(_momentum).Add(grad, _oneMinusDampening);
            grad = _nesterov ? grad.Add(momentumBuffer, _momentum) : momentumBuffer;
        }

        param = _weightDecay.ToParameter(param, grad).Add(grad, _minusLearningRate);
    }
}
