using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Simd;

namespace GpuOptim.Benchmarks.Throughput;

/// <summary>A yardstick in the chunks, on the threads and with the vectors of the optimizers.</summary>
/// <param name="a">Positive numbers, on a cache line's boundary.</param>
/// <param name="b">As many more.</param>
/// <param name="count">How many.</param>
/// <param name="asksAhead">Whether to ask memory for what will be loaded, as the optimizers' loop does.</param>
/// <param name="staysInCache">Whether each chunk does all its work on its first elements: for what is to show arithmetic, not memory.</param>
internal readonly unsafe struct YardstickJob<TYardstick, TFloats>(float* a, float* b, long count, bool asksAhead, bool staysInCache = false) : IChunkedJob
    where TYardstick : struct, IYardstick
    where TFloats : unmanaged, IFloats<TFloats>
{
    private const long ChunkLength = 1 << 15;
    private const int LineLength = 16;

    /// <summary>Two arrays of these fit a first-level cache.</summary>
    private const int CachedLength = 2048;

    /// <summary>How many elements ahead: as far as the optimizers' loop.</summary>
    private const int PrefetchDistance = 384;

    public int Chunks => (int)((count + ChunkLength - 1) / ChunkLength);

    public void Run(int chunk)
    {
        var start = chunk * ChunkLength;
        var length = (nint)Math.Min(ChunkLength, count - start);
        if (staysInCache)
        {
            for (nint done = 0; done < length; done += CachedLength)
                RunPlain(a + start, b + start, Math.Min(CachedLength, length - done), 0.5f);
        }
        else if (asksAhead)
        {
            RunAhead(a + start, b + start, length, 0.5f);
        }
        else
        {
            RunPlain(a + start, b + start, length, 0.5f);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void RunPlain(float* a, float* b, nint count, float constant) => Run(a, b, count, constant, asksAhead: false);

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void RunAhead(float* a, float* b, nint count, float constant) => Run(a, b, count, constant, asksAhead: true);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Run(float* a, float* b, nint count, float constant, bool asksAhead)
    {
        var constants = TFloats.Create(constant);
        nint i = 0;
        for (; i <= count - 4 * TFloats.Count; i += 4 * TFloats.Count)
        {
            TFloats* x = (TFloats*)(a + i), y = (TFloats*)(b + i);
            Prefetch(x, y, asksAhead);
            TYardstick.Apply(x, y, constants);
            Prefetch(x + 1, y + 1, asksAhead && TFloats.Count >= LineLength);
            TYardstick.Apply(x + 1, y + 1, constants);
            Prefetch(x + 2, y + 2, asksAhead && 2 * TFloats.Count >= LineLength);
            TYardstick.Apply(x + 2, y + 2, constants);
            Prefetch(x + 3, y + 3, asksAhead && TFloats.Count >= LineLength);
            TYardstick.Apply(x + 3, y + 3, constants);
        }
        for (; i <= count - TFloats.Count; i += TFloats.Count)
            TYardstick.Apply((TFloats*)(a + i), (TFloats*)(b + i), constants);
        for (; i < count; i++)
            TYardstick.Apply((Floats1*)(a + i), (Floats1*)(b + i), new Floats1(constant));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch(void* a, void* b, bool asksAhead)
    {
        if (asksAhead && Sse.IsSupported)
        {
            Sse.Prefetch0((float*)a + PrefetchDistance);
            Sse.Prefetch0((float*)b + PrefetchDistance);
        }
    }
}
