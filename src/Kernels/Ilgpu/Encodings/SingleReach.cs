using System.Runtime.CompilerServices;

namespace GpuOptim.Kernels.Ilgpu.Encodings;

/// <summary>One by one.</summary>
internal readonly struct SingleReach : IGpuReach
{
    public static bool IsWide { [MethodImpl(MethodImplOptions.AggressiveInlining)] get => false; }
}
