using GpuOptim.Kernels.Ilgpu.Matrix;
using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Ilgpu.OpenCL;

/// <summary>A <see cref="TiledProduct{TFormat, TLeft, TRight, TOrder}"/> of matrices in buffers, whose addresses the product has not.</summary>
internal static class OpenCLProductKernel<TFormat, TLeft, TRight, TOrder>
    where TFormat : IFormat
    where TLeft : struct, ITileLayout
    where TRight : struct, ITileLayout
    where TOrder : struct, ITileOrder
{
    public static void Run(GpuProduct product, OpenCLPlace left, OpenCLPlace right, OpenCLPlace addend, OpenCLPlace result)
    {
        product.Left = left.Address;
        product.Right = right.Address;
        product.Addend = addend.Address;
        product.Result = result.Address;
        TiledProduct<TFormat, TLeft, TRight, TOrder>.Multiply(product);
    }
}
