using GpuOptim.Kernels.Simd;
using unsafe UpdateKernel = delegate*<void*, GpuOptim.Kernels.Simd.UpdatePiece*, int, nint*, bool, void>;

namespace GpuOptim.Host.Simd;

/// <summary>A rule with at most one state applied to one tensor.</summary>
internal readonly unsafe struct TensorUpdateJob(
    UpdateKernel kernel, void* rule, nint target, int targetSize, nint source, nint state, int stateSize, long length) : IChunkedJob
{
    private const int ChunkLength = SimdUpdateBatch.ChunkLength;

    public void Run(Workers workers)
    {
        var job = this;
        var chunks = (int)((length + ChunkLength - 1) / ChunkLength);
        workers.Run(ref job, chunks, isShort: chunks < SimdUpdateBatch.ChunksWorthWaking);
    }

    public void Run(int chunk)
    {
        var start = (nint)chunk * ChunkLength;
        var piece = new UpdatePiece(
            target + start * targetSize, state == 0 ? 0 : state + start * stateSize, 0, 0, start, tensor: 0, (int)Math.Min(ChunkLength, length - start));
        var gradient = source;
        kernel(rule, &piece, 1, &gradient, true);
    }
}
