using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Ilgpu.OpenCL;

/// <summary>An <see cref="AddIdentityKernel{TFormat}"/> of matrices in buffers.</summary>
internal static class OpenCLAddIdentityKernel<TFormat> where TFormat : IFormat
{
    public static void Run(GpuIdentity matrices, OpenCLPlace source, OpenCLPlace result, float factor, float scale)
    {
        matrices.Source = source.Address;
        matrices.Result = result.Address;
        AddIdentityKernel<TFormat>.Run(matrices, factor, scale);
    }
}
