using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
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
            {
                Prefetch(a + i, b + i);
                Vector512.FusedMultiplyAdd(scale, Vector512.Load(b + i), Vector512.Load(a + i)).Store(a + i);
            }
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            var scale = Vector256.Create(0.5f);
            for (; i <= count - 8; i += 8)
            {
                Prefetch(a + i, b + i);
                Vector256.FusedMultiplyAdd(scale, Vector256.Load(b + i), Vector256.Load(a + i)).Store(a + i);
            }
        }
        else
        {
            var scale = Vector128.Create(0.5f);
            for (; i <= count - 4; i += 4)
            {
                Prefetch(a + i, b + i);
                Vector128.FusedMultiplyAdd(scale, Vector128.Load(b + i), Vector128.Load(a + i)).Store(a + i);
            }
        }
        for (; i < count; i++)
            a[i] = MathF.FusedMultiplyAdd(0.5f, b[i], a[i]);
    }

    /// <summary>Asks memory ahead of time, as the optimizers' loop does: the yardstick shall be as good as what it measures.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch(float* a, float* b)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(a + 384);
            Sse.Prefetch0(b + 384);
        }
    }
}
