using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Ilgpu.OpenCL;

/// <summary>A <see cref="DeviationKernel{TFormat}"/> of matrices in a buffer.</summary>
internal static class OpenCLDeviationKernel<TFormat> where TFormat : IFormat
{
    public static void Run(GpuIdentity matrices, OpenCLPlace source, OpenCLPlace result)
    {
        matrices.Source = source.Address;
        matrices.Result = result.Address;
        DeviationKernel<TFormat>.Run(matrices);
    }
}
