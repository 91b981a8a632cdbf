using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Norms;
using ILGPU;

namespace GpuOptim.Kernels.Ilgpu.OpenCL;

/// <summary>A <see cref="NormKernel{TGradient, TNorm}"/> of one gradient.</summary>
internal static class OpenCLNormKernel<TGradient, TNorm>
    where TGradient : IFormat
    where TNorm : INorm
{
    /// <param name="chunks">The chunks of any one tensor, in order.</param>
    /// <param name="gradient">The gradient; nowhere counts as zeros.</param>
    /// <param name="length">How many elements it has.</param>
    /// <param name="sums">What is accumulated of each chunk.</param>
    public static void Run(ArrayView<GpuChunk> chunks, OpenCLPlace gradient, long length, ArrayView<double> sums)
    {
        var table = new OpenCLTable(new() { Length = length }, gradient.Address);
        NormKernel<TGradient, TNorm>.Run(chunks, table.Segments, table.Gradients, sums);
    }
}
