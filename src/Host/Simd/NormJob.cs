using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Norms;
using GpuOptim.Kernels.Simd;

namespace GpuOptim.Host.Simd;

/// <summary>Accumulates a norm of the gradients of some tables, all tensors in one job. The chunks of tensors without a gradient are 0.</summary>
/// <param name="tables">The tables.</param>
/// <param name="sums">Takes what is accumulated of each chunk, in order.</param>
internal readonly unsafe ref struct NormJob<TNorm>(ReadOnlySpan<UpdateBatch> tables, double* sums) : IChunkedJob where TNorm : INorm
{
    /// <summary>Chunks of a norm that a thread takes at once.</summary>
    private const int Chunks = SimdUpdateBatch.ChunkLength / NormOrder.ChunkLength;

    private readonly ReadOnlySpan<UpdateBatch> _tables = tables;

    /// <summary>Runs it.</summary>
    /// <param name="workers">The threads that share the work.</param>
    /// <param name="count">How many chunks of the norm there are.</param>
    public void Run(Workers workers, int count)
    {
        var job = this;
        var chunks = (count + Chunks - 1) / Chunks;
        workers.Run(ref job, chunks, isShort: chunks < SimdUpdateBatch.ChunksWorthWaking);
    }

    public void Run(int chunk)
    {
        int next = chunk * Chunks, end = next + Chunks, before = 0;
        foreach (var table in _tables)
        {
            var starts = table.NormStarts;
            var last = Math.Min(end, before + starts[^1]);
            while (next < last)
            {
                // The last tensor that starts here or before; of several that start at one place all but the last are empty.
                var tensor = starts.BinarySearch(next - before + 1);
                tensor = (tensor < 0 ? ~tensor : tensor) - 1;
                while (starts[tensor] > next - before)
                    tensor--;
                for (; next < last && next - before < starts[tensor + 1]; next++)
                    sums[next] = Sum(table, tensor, next - before - starts[tensor]);
            }
            before += starts[^1];
        }
    }

    private static double Sum(UpdateBatch table, int tensor, int chunk) => (table.Gradients[tensor], table.GradientType) switch
    {
        (0, _) => 0,
        var (gradient, type) when type == ElementType.Float32 => ChunkedNorm<Float32Format, TNorm>.Sum((void*)gradient, table.Lengths[tensor], chunk),
        var (gradient, type) when type == ElementType.BFloat16 => ChunkedNorm<BFloat16Format, TNorm>.Sum((void*)gradient, table.Lengths[tensor], chunk),
        var (gradient, _) => ChunkedNorm<Float16Format, TNorm>.Sum((void*)gradient, table.Lengths[tensor], chunk),
    };
}
