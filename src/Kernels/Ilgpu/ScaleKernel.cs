using GpuOptim.Kernels.Norms;
using ILGPU;

namespace GpuOptim.Kernels.Ilgpu;

/// <summary>Takes the norm of what was accumulated, by one group of threads.</summary>
/// <typeparam name="TNorm">The norm.</typeparam>
internal static class ScaleKernel<TNorm> where TNorm : INorm
{
    /// <summary>Writes the norm, and the factor that takes it down to a most.</summary>
    /// <param name="sums">What is accumulated of each chunk.</param>
    /// <param name="maxNorm">The most.</param>
    /// <param name="result">The norm, and the factor.</param>
    public static void Run(ArrayView<double> sums, float maxNorm, ArrayView<double> result)
    {
        var strands = SharedMemory.Allocate1D<double>(NormOrder.Strands);
        for (var strand = Group.IdxX; strand < NormOrder.Strands; strand += Group.DimX)
        {
            var sum = 0.0;
            for (long chunk = strand; chunk < sums.Length; chunk += NormOrder.Strands)
                sum = TNorm.Combine(sum, sums[chunk]);
            strands[strand] = sum;
        }
        var norm = TNorm.Finish(GpuNorm.Fold<TNorm>(strands));
        if (Group.IdxX == 0)
        {
            result[0] = norm;
            result[1] = ClipFactor.Of<GpuFloats1>((float)norm, maxNorm).Value;
        }
    }
}
