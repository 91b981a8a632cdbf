using GpuOptim.Kernels.Simd;

namespace GpuOptim.Host.Simd;

/// <summary>Copies memory on all cores; source and destination do not overlap.</summary>
internal readonly unsafe struct CopyJob(void* source, void* destination, long bytes) : IChunkedJob
{
    private const long ChunkBytes = 1 << 20;

    public int Chunks => checked((int)((bytes + ChunkBytes - 1) / ChunkBytes));

    public void Run(int chunk)
    {
        var start = chunk * ChunkBytes;
        var length = Math.Min(ChunkBytes, bytes - start);
        Buffer.MemoryCopy((byte*)source + start, (byte*)destination + start, length, length);
    }
}
