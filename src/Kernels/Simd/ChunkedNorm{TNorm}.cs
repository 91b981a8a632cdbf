using System.Runtime.Intrinsics;
using GpuOptim.Kernels.Norms;

namespace GpuOptim.Kernels.Simd;

/// <summary>What of <see cref="ChunkedNorm{TFormat, TNorm}"/> no element type touches.</summary>
internal static unsafe class ChunkedNorm<TNorm> where TNorm : INorm
{
    /// <summary>What is accumulated of all chunks.</summary>
    public static double Fold(ReadOnlySpan<double> chunks)
    {
        // Zeros, which strands begin with, change nothing.
        if (chunks.Length == 1)
            return TNorm.Combine(0, chunks[0]);
        var strands = stackalloc double[NormOrder.Strands];
        new Span<double>(strands, NormOrder.Strands).Clear();
        for (var chunk = 0; chunk < chunks.Length; chunk++)
        {
            ref var strand = ref strands[chunk % NormOrder.Strands];
            strand = TNorm.Combine(strand, chunks[chunk]);
        }
        return FoldStrands(strands, NormOrder.Strands);
    }

    /// <summary>Folds strands, in place.</summary>
    /// <param name="strands">The strands.</param>
    /// <param name="count">How many there are, a power of two of at least two; those behind are as if they were 0.</param>
    public static double FoldStrands(double* strands, int count)
    {
        for (var half = count / 2; half > 1; half /= 2)
        {
            for (var strand = 0; strand < half; strand += 2)
                TNorm.Combine(Vector128.Load(strands + strand), Vector128.Load(strands + strand + half)).Store(strands + strand);
        }
        return TNorm.Combine(strands[0], strands[1]);
    }
}
