using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Simd.Matrix;

/// <summary><c>result = round(factor * A + scale * I)</c>, a chunk for each row.</summary>
internal readonly unsafe struct AddIdentityJob<TFloats, TFormat>(void* matrix, float factor, float scale, int order, void* result) : IChunkedJob
    where TFloats : unmanaged, IFloats<TFloats>
    where TFormat : IFormat
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(int chunk)
    {
        var start = (nint)chunk * order;
        nint end = start + order, i = start;
        for (; i <= end - TFloats.Count; i += TFloats.Count)
            Elements<TFormat>.Store(TFormat.Round(TFloats.Multiply(TFloats.Create(factor), Elements<TFormat>.Load<TFloats>(matrix, i))), result, i);
        for (; i < end; i++)
            Elements<TFormat>.Store(TFormat.Round(Floats1.Multiply(Floats1.Create(factor), Elements<TFormat>.Load<Floats1>(matrix, i))), result, i);
        i = start + chunk;
        Elements<TFormat>.Store(TFormat.Round(Floats1.FusedMultiplyAdd(Elements<TFormat>.Load<Floats1>(matrix, i), Floats1.Create(factor), Floats1.Create(scale))), result, i);
    }
}
