using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Rules;

/// <summary>A running average of parameters, which stand in the gradient's place: <c>average = lerp(average, p, weight)</c>, the first a copy.</summary>
/// <remarks>Source: PyTorch 2.13, <c>torch/optim/swa_utils.py</c>.</remarks>
internal readonly record struct AverageRule : IUpdateRule
{
    private readonly float _weight;
    private readonly Flag _isFirst;

    /// <summary>Folds the constants of one update.</summary>
    /// <param name="weight">The new numbers' share.</param>
    /// <param name="isFirst">Whether there is no average yet.</param>
    public AverageRule(double weight, bool isFirst)
    {
        _weight = (float)weight;
        _isFirst = isFirst;
    }

    public static int StateCount => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<T>(ref T average, T parameter, ref T unused0, ref T unused1, ref T unused2) where T : struct, ILane<T> =>
        average = _isFirst ? parameter : average.Lerp(parameter, _weight);
}
