using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Rules;

/// <summary>
/// The first half of Adafactor, which leaves the parameter as it is: the gradient over the root of its squares' average. Of a vector the average is of each element; of
/// matrices it is that of the element's row times that of its column, over the mean of the rows'.
/// </summary>
/// <remarks>Source: PyTorch 2.14, <c>torch/optim/_adafactor.py</c>, <c>_single_tensor_adafactor</c>.</remarks>
public readonly record struct AdafactorRule : IUpdateRule
{
    private readonly float _weight, _epsilon, _epsilonSquared;
    private readonly Flag _maximize;

    /// <summary>Folds the constants of one step.</summary>
    /// <param name="step">Which update of the parameter this is, from 1.</param>
    /// <param name="beta2Decay">The power of the step that is an average's share of what is new.</param>
    /// <param name="epsilon1">The least root that is divided by.</param>
    /// <param name="maximize">Ascend instead of descend.</param>
    public AdafactorRule(long step, double beta2Decay, double epsilon1, bool maximize)
    {
        _weight = (float)Math.Pow(step, beta2Decay);
        _epsilon = (float)epsilon1;
        _epsilonSquared = (float)(epsilon1 * epsilon1);
        _maximize = maximize;
    }

    /// <inheritdoc/>
    public static int StateCount => 2;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<T>(ref T param, T grad, ref T variance, ref T direction, ref T unused2) where T : struct, ILane<T>
    {
        variance = Average(variance, grad.Mul(grad));
        direction = Direction(grad, variance);
    }

    /// <summary>An average with new squares, or a new mean of them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal T Average<T>(T average, T squares) where T : struct, ILane<T> => average.Lerp(squares, _weight);

    /// <summary>What the product of a row's and a column's average is divided by, of the mean of the rows' averages.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal T Divisor<T>(T mean) where T : struct, ILane<T> => mean.Max(T.Full(_epsilon));

    /// <summary>The direction, not yet held to a size.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal T Direction<T>(T grad, T variance) where T : struct, ILane<T>
    {
        if (_maximize)
            grad = grad.Neg();
        return T.Full(1).Div(variance.Max(T.Full(_epsilonSquared)).Sqrt()).Mul(grad);
    }
}
