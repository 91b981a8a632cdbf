using GpuOptim.Kernels;
using GpuOptim.Kernels.Ilgpu;
using GpuOptim.Kernels.Ilgpu.Matrix;
using GpuOptim.Kernels.Norms;
using GpuOptim.Tests.VirtualCard.Simulator;
using VirtualCard.Execution;

namespace GpuOptim.Tests.Ptx;

/// <summary>The matrix operations of Newton-Schulz on tensor cores, each a launch of committed PTX.</summary>
/// <param name="card">Where the matrices are.</param>
/// <param name="sums">The sums of squares of their chunks.</param>
internal sealed class SimulatedMatrixOps(Card card, DeviceArray<double> sums) : IMatrixOps
{
    public void Normalize(MatrixBatch raw, MatrixBatch x, double scale, double epsilon)
    {
        var groups = (int)NormOrder.Chunks((long)raw.Rows * raw.Columns);
        Launch("Normalize.BFloat16", groups * x.Count, 256, Card.BytesOf(new GpuDivision(raw, x)), groups, sums, scale, (float)epsilon);
    }

    public void SymmetricProduct(MatrixBatch x, float scale, MatrixBatch result) =>
        Multiply(x.IsTall ? "SymmetricProduct.TensorCore.Tall" : "SymmetricProduct.TensorCore.Wide", GpuProduct.Of(x, x, result) with { Depth = Math.Max(x.Rows, x.Columns), Alpha = scale });

    public void SymmetricPolynomial(MatrixBatch a, float b, float c, MatrixBatch result) =>
        Multiply("SymmetricProduct.TensorCore.Wide", GpuProduct.Of(a, a, result) with { Depth = a.Order, Alpha = c, Addend = a.Address, Beta = b });

    public void MultiplyAdd(MatrixBatch b, MatrixBatch x, float a, MatrixBatch result) =>
        Multiply("MultiplyAdd.TensorCore", GpuProduct.Of(x.IsTall ? x : b, x.IsTall ? b : x, result) with { Depth = b.Order, Alpha = 1, Addend = a == 0 ? 0 : x.Address, Beta = a });

    public void SymmetricMultiplyAdd(MatrixBatch b, float factor, MatrixBatch x, float scale, MatrixBatch result) => throw new NotSupportedException();

    public void AddIdentity(MatrixBatch a, float factor, float scale, MatrixBatch result) => throw new NotSupportedException();

    public void Deviation(MatrixBatch a, nint result) => throw new NotSupportedException();

    /// <summary>Of matrices that one tile holds each.</summary>
    private void Multiply(string kernel, GpuProduct product) => Launch(kernel, product.Count, TensorProduct.GroupSize, Card.BytesOf(product));

    private void Launch(string kernel, int groups, int threads, params object[] arguments) => card.Launch(
        new CommittedKernel(kernel).Text, groups, threads, arguments, request => request with { DynamicSharedBytes = TensorProduct.SharedBytes, MmaRounding = MmaRounding.Hardware });
}
