using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Simd;

namespace GpuOptim.Benchmarks.NewtonSchulz;

/// <summary>What the processor can do: independent multiply-adds in registers, on every thread.</summary>
internal readonly struct PeakJob<TFloats> : IChunkedJob where TFloats : unmanaged, IFloats<TFloats>
{
    private const int Sums = 12;
    private const int Steps = 100_000;

    /// <summary>Operations of a chunk, counting a multiply-add as two.</summary>
    public static double FlopsPerChunk => 2.0 * Sums * Steps * TFloats.Count;

    public void Run(int chunk) => Multiply();

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static TFloats Multiply()
    {
        TFloats x = TFloats.Create(0.5f), y = TFloats.Create(0.25f);
        TFloats a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x;
        for (var step = 0; step < Steps; step++)
        {
            TFloats.Accumulate(ref a, x, y);
            TFloats.Accumulate(ref b, x, y);
            TFloats.Accumulate(ref c, x, y);
            TFloats.Accumulate(ref d, x, y);
            TFloats.Accumulate(ref e, x, y);
            TFloats.Accumulate(ref f, x, y);
            TFloats.Accumulate(ref g, x, y);
            TFloats.Accumulate(ref h, x, y);
            TFloats.Accumulate(ref i, x, y);
            TFloats.Accumulate(ref j, x, y);
            TFloats.Accumulate(ref k, x, y);
            TFloats.Accumulate(ref l, x, y);
        }
        return TFloats.Add(TFloats.Add(TFloats.Add(a, b), TFloats.Add(c, d)), TFloats.Add(TFloats.Add(TFloats.Add(e, f), TFloats.Add(g, h)), TFloats.Add(TFloats.Add(i, j), TFloats.Add(k, l))));
    }
}
