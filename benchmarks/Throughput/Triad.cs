using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Benchmarks.Throughput;

/// <summary>What memory and caches can do: <c>a += c * b</c>, 12 bytes an element.</summary>
internal readonly unsafe struct Triad : IYardstick
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Apply<TFloats>(TFloats* a, TFloats* b, TFloats c) where TFloats : unmanaged, IFloats<TFloats> =>
        *a = TFloats.FusedMultiplyAdd(c, *b, *a);
}
