using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Benchmarks.Throughput;

/// <summary>
/// What the divide unit can do: two divisions and a square root for each element, as Adam has.
/// <c>a = sqrt(c / (b / a))</c> takes any positive number to <c>c / b</c>, where it stays.
/// </summary>
internal readonly unsafe struct Divider : IYardstick
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Apply<TFloats>(TFloats* a, TFloats* b, TFloats c) where TFloats : unmanaged, IFloats<TFloats> =>
        *a = TFloats.Sqrt(TFloats.Divide(c, TFloats.Divide(*b, *a)));
}
