using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using GpuOptim.Kernels.Simd;

namespace GpuOptim.Benchmarks.Throughput;

/// <summary><c>a = b</c> as the runtime copies, or past the caches, in the chunks and on the threads of the optimizers.</summary>
/// <param name="a">On a cache line's boundary.</param>
/// <param name="b">What to copy.</param>
/// <param name="count">How many elements.</param>
/// <param name="passesCaches">Whether to write past the caches.</param>
internal readonly unsafe struct CopyJob(float* a, float* b, long count, bool passesCaches) : IChunkedJob
{
    private const long ChunkLength = 1 << 15;

    public int Chunks => (int)((count + ChunkLength - 1) / ChunkLength);

    public void Run(int chunk)
    {
        var start = chunk * ChunkLength;
        var length = Math.Min(ChunkLength, count - start);
        if (passesCaches)
            Stream(a + start, b + start, (nint)length);
        else
            Buffer.MemoryCopy(b + start, a + start, length * sizeof(float), length * sizeof(float));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Stream(float* a, float* b, nint count)
    {
        nint i = 0;
        for (; i <= count - 16; i += 16)
        {
            Vector128.StoreAlignedNonTemporal(Vector128.Load(b + i), a + i);
            Vector128.StoreAlignedNonTemporal(Vector128.Load(b + i + 4), a + i + 4);
            Vector128.StoreAlignedNonTemporal(Vector128.Load(b + i + 8), a + i + 8);
            Vector128.StoreAlignedNonTemporal(Vector128.Load(b + i + 12), a + i + 12);
        }
        for (; i < count; i++)
            a[i] = b[i];
    }
}
