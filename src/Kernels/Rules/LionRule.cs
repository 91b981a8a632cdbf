using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Rules;

/// <summary>Lion: steps by the sign of the momentum with a larger share of the gradient.</summary>
/// <remarks>Source: Chen et al., 2023, arXiv:2302.06675, algorithm 2.</remarks>
public readonly record struct LionRule : IUpdateRule
{
    private readonly WeightDecay _weightDecay;
    private readonly float _oneMinusBeta1, _oneMinusBeta2, _minusLearningRate;
    private readonly Flag _maximize;

    /// <summary>Folds the constants of one step.</summary>
    /// <param name="learningRate">How far each element goes.</param>
    /// <param name="beta1">The momentum's share of the direction.</param>
    /// <param name="beta2">Decay of the momentum.</param>
    /// <param name="weightDecay">Strength of the weight decay.</param>
    /// <param name="mode">How it works.</param>
    /// <param name="maximize">Ascend instead of descend.</param>
    public LionRule(double learningRate, double beta1, double beta2, double weightDecay, WeightDecayMode mode, bool maximize)
    {
        _weightDecay = new(learningRate, weightDecay, mode);
        _oneMinusBeta1 = (float)(1 - beta1);
        _oneMinusBeta2 = (float)(1 - beta2);
        _minusLearningRate = (float)-learningRate;
        _maximize = maximize;
    }

    /// <inheritdoc/>
    public static int StateCount => 1;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<T>(ref T param, T grad, ref T expAvg, ref T unused1, ref T unused2) where T : struct, ILane<T>
    {
        if (_maximize)
            grad = grad.Neg();
        grad = _weightDecay.ToGradient(grad, param);

        var direction = expAvg.Lerp(grad, _oneMinusBeta1).Sign();
        param = _weightDecay.ToParameter(param, direction).Add(direction, _minusLearningRate);
        expAvg = expAvg.Lerp(grad, _oneMinusBeta2);
    }
}
