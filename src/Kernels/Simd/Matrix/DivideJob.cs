using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Simd.Matrix;

/// <summary>Divides numbers by one, each quotient rounded, in place or not.</summary>
internal readonly unsafe struct DivideJob<TFloats, TSource, TFormat>(void* source, void* result, long length, float divisor) : IChunkedJob
    where TFloats : unmanaged, IFloats<TFloats>
    where TSource : IFormat
    where TFormat : IFormat
{
    private const long ChunkLength = 1 << 15;

    public int Chunks => (int)((length + ChunkLength - 1) / ChunkLength);

    public void Run(int chunk) => Divide((nint)(chunk * ChunkLength), (nint)Math.Min(length, (chunk + 1) * ChunkLength));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Divide(nint start, nint end)
    {
        var i = start;
        for (; i <= end - TFloats.Count; i += TFloats.Count)
            Elements<TFormat>.Store(TFormat.Round(TFloats.Divide(Elements<TSource>.Load<TFloats>(source, i), TFloats.Create(divisor))), result, i);
        for (; i < end; i++)
            Elements<TFormat>.Store(TFormat.Round(Floats1.Divide(Elements<TSource>.Load<Floats1>(source, i), Floats1.Create(divisor))), result, i);
    }
}
