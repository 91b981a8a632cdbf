using System.Runtime.CompilerServices;

namespace GpuOptim.Kernels.Rules.Variants;

/// <summary>Nothing is known beforehand: the loop asks the rule, each time.</summary>
internal readonly struct StoredSwitches : ISwitches
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Of(int stored) => stored;
}
