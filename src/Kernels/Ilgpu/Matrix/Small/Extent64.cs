namespace GpuOptim.Kernels.Ilgpu.Matrix.Small;

/// <summary>Up to 64 elements.</summary>
internal readonly struct Extent64 : IExtent
{
    public static int Elements => 64;
}
