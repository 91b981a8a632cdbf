using System.Runtime.CompilerServices;

namespace GpuOptim.Kernels.Rules.Variants;

/// <summary>Of all switches, only those of <see cref="WeightDecay.None"/>.</summary>
internal readonly struct NoDecay : ISwitches
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Of(int stored) => WeightDecay.None;
}
