using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Benchmarks.Throughput;

/// <summary><c>a = b</c>: 8 bytes an element.</summary>
internal readonly unsafe struct Copy : IYardstick
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Apply<TFloats>(TFloats* a, TFloats* b, TFloats c) where TFloats : unmanaged, IFloats<TFloats> =>
        *a = *b;
}
