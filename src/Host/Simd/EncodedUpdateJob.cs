using GpuOptim.Kernels;
using GpuOptim.Kernels.Encodings;
using GpuOptim.Kernels.Simd;
using unsafe UpdateKernel = delegate*<void*, GpuOptim.Kernels.Simd.UpdatePiece*, int, nint*, bool, void>;

namespace GpuOptim.Host.Simd;

/// <summary>A rule applied to one tensor some of whose numbers are encoded.</summary>
internal readonly unsafe struct EncodedUpdateJob(
    UpdateKernel kernel, void* rule, uint step, UpdateTypes types, EncodedTensor tensor, nint gradient, long length, int vectorBits) : IChunkedJob
{
    private const int ChunkLength = SimdUpdateBatch.ChunkLength;

    private readonly EncodedLoop _loop = new(types);

    public void Run(Workers workers)
    {
        var job = this;
        var chunks = (int)((length + ChunkLength - 1) / ChunkLength);
        workers.Run(ref job, chunks, isShort: chunks < SimdUpdateBatch.ChunksWorthWaking);
    }

    public void Run(int chunk)
    {
        var start = (nint)chunk * ChunkLength;
        _loop.Run(kernel, rule, step, tensor, gradient, start, (int)Math.Min(ChunkLength, length - start), vectorBits);
    }
}
