using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Rules;

/// <summary>
/// How the neurons of an orthogonalized direction, its rows, are normalized: each is divided by the root of its mean square's average, then all are
/// scaled by one factor, so that the Frobenius norm stays. Holds nothing but this step's constants.
/// </summary>
/// <remarks>
/// Squares are summed in double: a row's in the order of <see cref="Norms.NormOrder"/>, as if it were a tensor, and those of rows dealt out to strands as those of
/// chunks are. The norm after the division is taken of the rows' sums, not anew.
/// Source: microsoft/dion, <c>dion/normuon.py</c>, <c>_normuon_normalization_core</c>; there the sums are float, in PyTorch's order.
/// </remarks>
internal readonly record struct NeuronRule
{
    private readonly float _weight;
    private readonly float _epsilon;

    /// <summary>Folds the constants of one step.</summary>
    /// <param name="beta2">Decay of the mean squares' average.</param>
    /// <param name="epsilon">Added to its root.</param>
    public NeuronRule(double beta2, double epsilon)
    {
        // As the authors have it: of floats.
        _weight = 1 - (float)beta2;
        _epsilon = (float)epsilon;
    }

    /// <summary>Takes a row's mean square into its average.</summary>
    /// <returns>What the row is divided by.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Divisor<T>(ref T average, T meanSquare) where T : struct, ILane<T>
    {
        average = average.Lerp(meanSquare, _weight);
        return average.Sqrt().Add(_epsilon);
    }

    /// <summary>A row's mean square.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Mean(double squares, int columns) => (float)(squares / columns);

    /// <summary>The sum of a row's squares once it is divided.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Divided(double squares, float divisor) => squares / ((double)divisor * divisor);

    /// <summary>What all rows are multiplied by, of the sums of their squares before they are divided and after.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Factor(double before, double after)
    {
        const double Least = 1e-8;
        var norm = Math.Sqrt(after);
        return (float)(Math.Sqrt(before) / (norm < Least ? Least : norm));
    }
}
