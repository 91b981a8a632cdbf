using GpuOptim.Kernels.Lanes;
using ILGPU;

namespace GpuOptim.Kernels.Ilgpu.OpenCL;

/// <summary>A <see cref="NormalizeKernel{TRaw, TFormat}"/> of matrices in buffers.</summary>
internal static class OpenCLNormalizeKernel<TRaw, TFormat>
    where TRaw : IFormat
    where TFormat : IFormat
{
    public static void Run(GpuDivision division, OpenCLPlace source, OpenCLPlace result, int groups, ArrayView<double> sums, double scale, float epsilon)
    {
        division.Source = source.Address;
        division.Result = result.Address;
        NormalizeKernel<TRaw, TFormat>.Run(division, groups, sums, scale, epsilon);
    }
}
