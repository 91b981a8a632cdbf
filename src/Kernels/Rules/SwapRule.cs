using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Rules;

/// <summary>Exchanges the parameter and the first state.</summary>
internal readonly record struct SwapRule : IUpdateRule
{
    public static int StateCount => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<T>(ref T parameter, T unused, ref T other, ref T unused1, ref T unused2) where T : struct, ILane<T> =>
        (parameter, other) = (other, parameter);
}
