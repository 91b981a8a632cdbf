using System.Runtime.InteropServices;
using GpuOptim.Kernels.Simd;

namespace GpuOptim.Host.Simd;

/// <summary>Zeroes memory on all cores.</summary>
internal readonly unsafe struct ClearJob(nint address, long bytes) : IChunkedJob
{
    private const long ChunkBytes = 1 << 20;

    public int Chunks => checked((int)((bytes + ChunkBytes - 1) / ChunkBytes));

    public void Run(int chunk)
    {
        var start = chunk * ChunkBytes;
        NativeMemory.Clear((void*)(address + (nint)start), (nuint)Math.Min(ChunkBytes, bytes - start));
    }
}
