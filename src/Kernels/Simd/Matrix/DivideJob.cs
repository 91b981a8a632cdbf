using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Simd.Matrix;

/// <summary>Divides numbers by one, in place, each quotient rounded once.</summary>
internal readonly unsafe struct DivideJob<TFloats, TFormat>(void* numbers, long length, float divisor) : IChunkedJob
    where TFloats : unmanaged, IFloats<TFloats>
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
            Elements<TFormat>.Store(TFormat.Round(TFloats.Divide(Elements<TFormat>.Load<TFloats>(numbers, i), TFloats.Create(divisor))), numbers, i);
        for (; i < end; i++)
            Elements<TFormat>.Store(TFormat.Round(Floats1.Divide(Elements<TFormat>.Load<Floats1>(numbers, i), Floats1.Create(divisor))), numbers, i);
    }
}
