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
        GpuNorm.Accumulate<TGradient, TNorm>(strands, gradient, start, end);
        var sum = GpuNorm.Fold<TNorm>(strands);
        if (Group.IdxX == 0)
            sums[Grid.IdxX] = sum;
    }
}
