using GpuOptim.Kernels.Simd;
using unsafe UpdateKernel = delegate*<void*, void*, void*, void*, void*, void*, nint, void>;

namespace GpuOptim.Host.Simd;

/// <summary>A rule with at most one state applied to one tensor.</summary>
internal readonly unsafe struct TensorUpdateJob(
    UpdateKernel kernel, void* rule, nint target, int targetSize, nint source, int sourceSize, nint state, int stateSize, long length) : IChunkedJob
{
    private const int ChunkLength = SimdUpdateBatch.ChunkLength;

    public void Run(Workers workers)
    {
        var job = this;
        workers.Run(ref job, (int)((length + ChunkLength - 1) / ChunkLength));
    }

    public void Run(int chunk)
    {
        var start = (nint)chunk * ChunkLength;
        kernel(
            rule,
            (void*)(target + start * targetSize),
            (void*)(source + start * sourceSize),
            state == 0 ? null : (void*)(state + start * stateSize),
            null,
            null,
            (nint)Math.Min(ChunkLength, length - start));
    }
}
