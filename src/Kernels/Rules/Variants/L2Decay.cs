using System.Runtime.CompilerServices;

namespace GpuOptim.Kernels.Rules.Variants;

/// <summary>Of all switches, only those of <see cref="WeightDecay.L2"/>.</summary>
internal readonly struct L2Decay : ISwitches
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Of(int stored) => WeightDecay.L2;
}
