using System.Runtime.CompilerServices;

namespace GpuOptim.Kernels.Rules.Variants;

/// <summary>Switches that are on in either of two.</summary>
internal readonly struct Both<TFirst, TSecond> : ISwitches
    where TFirst : struct, ISwitches
    where TSecond : struct, ISwitches
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Of(int stored) => TFirst.Of(stored) | TSecond.Of(stored);
}
