using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Rules;

/// <summary>Adagrad: each step is divided by the root of the sum of all squares so far.</summary>
/// <remarks>Source: PyTorch 2.14, <c>torch/optim/adagrad.py</c>, <c>_single_tensor_adagrad</c>.</remarks>
public readonly record struct AdagradRule : IUpdateRule
{
    private readonly WeightDecay _weightDecay;
    private readonly float _initialSum, _epsilon, _minusStepSize;
    private readonly Flag _maximize, _isFirst;

    /// <summary>Folds the constants of one step.</summary>
    /// <param name="step">Which update of the parameter this is, from 1.</param>
    /// <param name="learningRate">Step size.</param>
    /// <param name="learningRateDecay">How much it lessens: after t updates it is divided by 1 + t times this.</param>
    /// <param name="initialSum">What the sum of squares begins with.</param>
    /// <param name="epsilon">Added to the root, for numerical stability.</param>
    /// <param name="weightDecay">Strength of the weight decay.</param>
    /// <param name="mode">How it works.</param>
    /// <param name="maximize">Ascend instead of descend.</param>
    /// <param name="isFirst">There is no sum yet.</param>
    public AdagradRule(
        long step, double learningRate, double learningRateDecay, double initialSum, double epsilon, double weightDecay, WeightDecayMode mode, bool maximize, bool isFirst)
    {
        var stepSize = learningRate / (1 + (step - 1) * learningRateDecay);

        _weightDecay = new(stepSize, weightDecay, mode);
        _initialSum = (float)initialSum;
        _epsilon = (float)epsilon;
        _minusStepSize = (float)-stepSize;
        _maximize = maximize;
        _isFirst = isFirst;
    }

    /// <inheritdoc/>
    public static int StateCount => 1;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<T>(ref T param, T grad, ref T sum, ref T unused1, ref T unused2) where T : struct, ILane<T>
    {
        if (_maximize)
            grad = grad.Neg();
        grad = _weightDecay.ToGradient(grad, param);

        if (_isFirst)
            sum = T.Full(_initialSum);
        sum = sum.AddCMul(grad, grad, 1);

        param = _weightDecay.ToParameter(param, grad).AddCDiv(grad, sum.Sqrt().Add(_epsilon), _minusStepSize);
    }
}
