using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Rules;

/// <summary>The second half of LAMB: the parameter moves along the direction by a share of its own norm.</summary>
/// <remarks>Source: You et al., 2019, arXiv:1904.00962, algorithm 2, where phi changes nothing; a norm of zero is no share, as in its authors' code.</remarks>
public readonly record struct LambStepRule : ITensorRule<LambStepRule>
{
    private readonly WeightDecay _weightDecay;
    private readonly float _learningRate, _minusStepSize;

    /// <summary>Folds the constants of one step.</summary>
    /// <param name="learningRate">How far the parameter goes, as a share of its norm.</param>
    /// <param name="weightDecay">Strength of the weight decay.</param>
    /// <param name="mode">How it works; any but one that is independent is a part of the direction.</param>
    public LambStepRule(double learningRate, double weightDecay, WeightDecayMode mode)
    {
        _weightDecay = new(learningRate, mode == WeightDecayMode.Independent ? weightDecay : 0, mode);
        _learningRate = (float)learningRate;
    }

    private LambStepRule(in LambStepRule rule, double trustRatio)
    {
        this = rule;
        _minusStepSize = (float)(-_learningRate * trustRatio);
    }

    /// <inheritdoc/>
    public static int StateCount => 0;

    /// <inheritdoc/>
    public LambStepRule For(double parameterSquares, double directionSquares, long length) =>
        new(this, parameterSquares > 0 && directionSquares > 0 ? Math.Sqrt(parameterSquares) / Math.Sqrt(directionSquares) : 1);

    /// <inheritdoc cref="AdafactorStepRule.Apply{T}"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<T>(ref T param, T direction, ref T unused0, ref T unused1, ref T unused2) where T : struct, ILane<T> =>
        param = _weightDecay.ToParameter(param, direction).Add(direction, _minusStepSize);
}
