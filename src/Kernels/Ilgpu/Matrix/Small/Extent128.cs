namespace GpuOptim.Kernels.Ilgpu.Matrix.Small;

/// <summary>Up to 128 elements.</summary>
internal readonly struct Extent128 : IExtent
{
    public static int Elements => 128;
}
