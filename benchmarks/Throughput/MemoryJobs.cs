using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using GpuOptim.Kernels.Simd;

namespace GpuOptim.Benchmarks.Throughput;

/// <summary>What the memory can do: <c>a += s * b</c>, 12 bytes an element, with the widest vectors and on the threads of the optimizers.</summary>
internal readonly unsafe struct TriadJob(float* a, float* b, long count) : IChunkedJob
{
    private const long ChunkLength = 1 << 15;

    public int Chunks => (int)((count + ChunkLength - 1) / ChunkLength);

    public void Run(int chunk)
    {
        var start = chunk * ChunkLength;
        Run(a + start, b + start, (nint)Math.Min(ChunkLength, count - start));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run(float* a, float* b, nint count)
    {
        nint i = 0;
        if (Vector512.IsHardwareAccelerated)
        {
            var scale = Vector512.Create(0.5f);
            for (; i <= count - 16; i += 16)
                Vector512.FusedMultiplyAdd(scale, Vector512.Load(b + i), Vector512.Load(a + i)).Store(a + i);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            var scale = Vector256.Create(0.5f);
            for (; i <= count - 8; i += 8)
                Vector256.FusedMultiplyAdd(scale, Vector256.Load(b + i), Vector256.Load(a + i)).Store(a + i);
        }
        else
        {
            var scale = Vector128.Create(0.5f);
            for (; i <= count - 4; i += 4)
                Vector128.FusedMultiplyAdd(scale, Vector128.Load(b + i), Vector128.Load(a + i)).Store(a + i);
        }
        for (; i < count; i++)
            a[i] = MathF.FusedMultiplyAdd(0.5f, b[i], a[i]);
    }
}

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
