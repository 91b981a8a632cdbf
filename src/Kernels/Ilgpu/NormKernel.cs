using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Norms;
using ILGPU;

namespace GpuOptim.Kernels.Ilgpu;

/// <summary>Accumulates a norm of gradients, chunk by chunk.</summary>
/// <typeparam name="TGradient">Type of gradients.</typeparam>
/// <typeparam name="TNorm">The norm.</typeparam>
internal static unsafe class NormKernel<TGradient, TNorm>
    where TGradient : IFormat
    where TNorm : INorm
{
    /// <summary>Accumulates the chunk of the group.</summary>
    /// <param name="chunks">A chunk for each group.</param>
    /// <param name="segments">The tensors.</param>
    /// <param name="gradients">Address of each tensor's gradient; 0 counts as zeros.</param>
    /// <param name="sums">What is accumulated of each chunk.</param>
    public static void Run(ArrayView<GpuChunk> chunks, ArrayView<GpuSegment> segments, ArrayView<long> gradients, ArrayView<double> sums)
    {
        var strands = SharedMemory.Allocate1D<double>(NormOrder.Strands);
        var chunk = chunks[Grid.IdxX];
        var gradient = gradients[chunk.Segment];
        var start = (long)chunk.Index * NormOrder.ChunkLength;
        var end = IntrinsicMath.Min(start + NormOrder.ChunkLength, segments[chunk.Segment].Length);
        if (gradient == 0)
            end = 0;
        for (var strand = Group.IdxX; strand < NormOrder.Strands; strand += Group.DimX)
        {
            double sum0 = 0, sum1 = 0, sum2 = 0, sum3 = 0;
            for (var i = start + strand * NormOrder.QuadLength; i < end; i += NormOrder.Strands * NormOrder.QuadLength)
            {
                if (gradient % 16 == 0 && i + NormOrder.QuadLength <= end)
                {
                    var four = TGradient.Load<GpuFloats4>((void*)(gradient + i * TGradient.Size)).ToFloat4();
                    sum0 = TNorm.Accumulate(sum0, four.X);
                    sum1 = TNorm.Accumulate(sum1, four.Y);
                    sum2 = TNorm.Accumulate(sum2, four.Z);
                    sum3 = TNorm.Accumulate(sum3, four.W);
                    continue;
                }
                sum0 = TNorm.Accumulate(sum0, At(gradient, i));
                if (i + 1 < end)
                    sum1 = TNorm.Accumulate(sum1, At(gradient, i + 1));
                if (i + 2 < end)
                    sum2 = TNorm.Accumulate(sum2, At(gradient, i + 2));
                if (i + 3 < end)
                    sum3 = TNorm.Accumulate(sum3, At(gradient, i + 3));
            }
            strands[strand] = TNorm.Combine(TNorm.Combine(sum0, sum2), TNorm.Combine(sum1, sum3));
        }
        var sum = GpuNorm.Fold<TNorm>(strands);
        if (Group.IdxX == 0)
            sums[Grid.IdxX] = sum;
    }

    private static float At(long gradient, long i) => TGradient.Load<GpuFloats1>((void*)(gradient + i * TGradient.Size)).Value;
}
