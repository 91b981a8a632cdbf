using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Rules;

/// <summary>Rprop: steps by the gradient's sign, of a size that grows while the sign stays and shrinks when it turns.</summary>
/// <remarks>Source: PyTorch 2.14, <c>torch/optim/rprop.py</c>, <c>_single_tensor_rprop</c>.</remarks>
public readonly record struct RpropRule : IUpdateRule
{
    private readonly WeightDecay _weightDecay;
    private readonly float _initialStepSize, _etaMinus, _etaPlus, _minStepSize, _minusMaxStepSize;
    private readonly Flag _maximize, _isFirst;

    /// <summary>Folds the constants of one step.</summary>
    /// <param name="learningRate">What step sizes begin with.</param>
    /// <param name="etaMinus">What they are multiplied by where the sign turns.</param>
    /// <param name="etaPlus">What they are multiplied by where it stays.</param>
    /// <param name="minStepSize">The smallest.</param>
    /// <param name="maxStepSize">The largest.</param>
    /// <param name="weightDecay">Strength of the weight decay.</param>
    /// <param name="mode">How it works.</param>
    /// <param name="maximize">Ascend instead of descend.</param>
    /// <param name="isFirst">There are no step sizes yet.</param>
    public RpropRule(
        double learningRate, double etaMinus, double etaPlus, double minStepSize, double maxStepSize, double weightDecay, WeightDecayMode mode, bool maximize, bool isFirst)
    {
        _weightDecay = new(learningRate, weightDecay, mode);
        _initialStepSize = (float)learningRate;
        _etaMinus = (float)etaMinus;
        _etaPlus = (float)etaPlus;
        _minStepSize = (float)minStepSize;
        _minusMaxStepSize = (float)-maxStepSize;
        _maximize = maximize;
        _isFirst = isFirst;
    }

    /// <inheritdoc/>
    public static int StateCount => 2;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<T>(ref T param, T grad, ref T prev, ref T stepSize, ref T unused2) where T : struct, ILane<T>
    {
        if (_maximize)
            grad = grad.Neg();
        grad = _weightDecay.ToGradient(grad, param);

        if (_isFirst)
            stepSize = T.Full(_initialStepSize);
        var agreement = grad.Mul(prev);
        var eta = agreement.WhereNegative(T.Full(_etaMinus), agreement.Neg().WhereNegative(T.Full(_etaPlus), T.Full(1)));
        // The lesser of two is the larger of what they are with the other sign.
        stepSize = stepSize.Mul(eta).Max(T.Full(_minStepSize)).Neg().Max(T.Full(_minusMaxStepSize)).Neg();
        grad = agreement.WhereNegative(T.Full(0), grad);

        param = _weightDecay.ToParameter(param, grad).AddCMul(grad.Sign(), stepSize, -1);
        prev = grad;
    }
}
