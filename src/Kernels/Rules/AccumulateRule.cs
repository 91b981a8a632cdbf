using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Rules;

/// <summary>A weighted sum of gradients, which stands in the parameter's place: <c>sum = sum + weight * gradient</c>, rounded once.</summary>
internal readonly record struct AccumulateRule : IUpdateRule
{
    private readonly float _weight;
    private readonly Flag _isFirst;

    /// <summary>Folds the constants of one addition.</summary>
    /// <param name="weight">The gradient's.</param>
    /// <param name="isFirst">Whether there is no sum yet.</param>
    public AccumulateRule(double weight, bool isFirst)
    {
        _weight = (float)weight;
        _isFirst = isFirst;
    }

    public static int StateCount => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<T>(ref T sum, T gradient, ref T unused0, ref T unused1, ref T unused2) where T : struct, ILane<T> =>
        sum = _isFirst ? gradient.Mul(_weight) : sum.Add(gradient, _weight);
}
