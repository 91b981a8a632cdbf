using System.Runtime.CompilerServices;

namespace GpuOptim.Kernels.Ilgpu.Encodings;

/// <summary>All at once.</summary>
internal readonly struct WideReach : IGpuReach
{
    public static bool IsWide { [MethodImpl(MethodImplOptions.AggressiveInlining)] get => true; }
}
