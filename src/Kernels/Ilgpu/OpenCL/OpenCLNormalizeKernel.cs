using GpuOptim.Kernels.Lanes;
using ILGPU;

namespace GpuOptim.Kernels.Ilgpu.OpenCL;

/// <summary>A <see cref="NormalizeKernel{TFormat}"/> of matrices in a buffer.</summary>
internal static class OpenCLNormalizeKernel<TFormat> where TFormat : IFormat
{
    public static void Run(OpenCLPlace matrices, long length, int groups, ArrayView<double> sums, double scale, float epsilon) =>
        NormalizeKernel<TFormat>.Run(matrices.Address, length, groups, sums, scale, epsilon);
}
