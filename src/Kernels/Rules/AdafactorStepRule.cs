using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Rules;

/// <summary>The second half of Adafactor: the parameter moves along the direction by a share of its own size, and no further than a limit.</summary>
/// <remarks>Source: PyTorch 2.14, <c>torch/optim/_adafactor.py</c>, <c>_single_tensor_adafactor</c>; sizes are root mean squares, of sums in double.</remarks>
public readonly record struct AdafactorStepRule : ITensorRule<AdafactorStepRule>
{
    private readonly WeightDecay _weightDecay;
    private readonly float _relativeStep, _leastSize, _largestDirection, _minusStepSize;

    /// <summary>Folds the constants of one step.</summary>
    /// <param name="step">Which update of the parameter this is, from 1.</param>
    /// <param name="learningRate">The most that the step size is, as a share of the parameter's; also strength of the decay.</param>
    /// <param name="epsilon2">The least size of a parameter that counts.</param>
    /// <param name="clippingThreshold">The largest size of a direction.</param>
    /// <param name="weightDecay">Strength of the weight decay.</param>
    /// <param name="mode">How it works; not L2.</param>
    public AdafactorStepRule(long step, double learningRate, double epsilon2, double clippingThreshold, double weightDecay, WeightDecayMode mode)
    {
        _weightDecay = new(learningRate, weightDecay, mode);
        _relativeStep = (float)Math.Min(learningRate, 1 / Math.Sqrt(step));
        _leastSize = (float)epsilon2;
        _largestDirection = (float)clippingThreshold;
    }

    private AdafactorStepRule(in AdafactorStepRule rule, double stepSize)
    {
        this = rule;
        _minusStepSize = (float)-stepSize;
    }

    /// <inheritdoc/>
    public static int StateCount => 0;

    /// <inheritdoc/>
    public AdafactorStepRule For(double parameterSquares, double directionSquares, long length)
    {
        double root = Math.Sqrt(length), size = Math.Sqrt(parameterSquares) / root, excess = Math.Sqrt(directionSquares) / (root * _largestDirection);
        return new(this, (size > _leastSize ? size : _leastSize) * _relativeStep / (excess > 1 ? excess : 1));
    }

    /// <summary>Updates one lane of the parameter.</summary>
    /// <param name="param">The parameter.</param>
    /// <param name="direction">The direction.</param>
    /// <param name="unused0">Not in use.</param>
    /// <param name="unused1">Not in use.</param>
    /// <param name="unused2">Not in use.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<T>(ref T param, T direction, ref T unused0, ref T unused1, ref T unused2) where T : struct, ILane<T> =>
        param = _weightDecay.ToParameter(param, direction).Add(direction, _minusStepSize);
}
