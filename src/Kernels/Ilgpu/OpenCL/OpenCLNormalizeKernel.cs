using GpuOptim.Kernels.Lanes;
using ILGPU;

namespace GpuOptim.Kernels.Ilgpu.OpenCL;

/// <summary>A <see cref="NormalizeKernel{TFormat}"/> of matrices in a buffer.</summary>
internal static class OpenCLNormalizeKernel<TFormat> where TFormat : IFormat
{
    public static void Run(GpuDivision division, OpenCLPlace matrices, int groups, ArrayView<double> sums, double scale, float epsilon)
    {
        division.Source = matrices.Address;
        division.Result = matrices.Address;
        NormalizeKernel<TFormat>.Run(division, groups, sums, scale, epsilon);
    }
}
