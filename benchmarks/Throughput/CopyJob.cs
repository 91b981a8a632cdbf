using GpuOptim.Kernels.Simd;

namespace GpuOptim.Benchmarks.Throughput;

/// <summary>What the memory can do: <c>a = b</c>, 8 bytes an element, on the threads of the optimizers.</summary>
internal readonly unsafe struct CopyJob(float* a, float* b, long count) : IChunkedJob
{
    private const long ChunkLength = 1 << 15;

    public int Chunks => (int)((count + ChunkLength - 1) / ChunkLength);

    public void Run(int chunk)
    {
        var start = chunk * ChunkLength;
        var length = Math.Min(ChunkLength, count - start) * sizeof(float);
        Buffer.MemoryCopy(b + start, a + start, length, length);
    }
}
