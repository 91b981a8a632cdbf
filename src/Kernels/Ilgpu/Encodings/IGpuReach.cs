namespace GpuOptim.Kernels.Ilgpu.Encodings;

/// <summary>How a thread reaches four neighbours.</summary>
internal interface IGpuReach
{
    /// <summary>Whether at once: they are all there, and aligned. Else one by one, as many as there are.</summary>
    static abstract bool IsWide { get; }
}
