using System.Runtime.CompilerServices;

namespace GpuOptim.Kernels.Rules.Variants;

/// <summary>Of all switches, only those of <see cref="WeightDecay.Factor"/>.</summary>
internal readonly struct FactorDecay : ISwitches
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Of(int stored) => WeightDecay.Factor;
}
