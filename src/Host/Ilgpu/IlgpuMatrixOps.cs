using GpuOptim.Kernels;
using GpuOptim.Kernels.Ilgpu;
using GpuOptim.Kernels.Lanes;
using ILGPU;
using ILGPU.Runtime;

namespace GpuOptim.Host.Ilgpu;

/// <summary>The matrix operations of Newton-Schulz on an accelerator, each for all matrices of a batch at once.</summary>
internal sealed class IlgpuMatrixOps<TFormat>(Accelerator accelerator, AcceleratorStream stream, IlgpuKernels kernels, int groupSize) : IMatrixOps, IDisposable where TFormat : IFormat
{
    private MemoryBuffer1D<double, Stride1D.Dense>? _sums;

    public void Normalize(MatrixBatch x, double scale, double epsilon)
    {
        var stretches = (x.Length + MatrixKernels<TFormat>.SumLength - 1) / MatrixKernels<TFormat>.SumLength * x.Count;
        if (_sums is null || _sums.Length < stretches)
        {
            _sums?.Dispose();
            _sums = accelerator.Allocate1D<double>(stretches);
        }
        var sums = _sums.View.BaseView.SubView(0, stretches);
        kernels.Get<Action<AcceleratorStream, KernelConfig, long, long, ArrayView<double>>>(MatrixKernels<TFormat>.SumSquares)(
            stream, Config(stretches), x.Address, x.Length, sums);
        kernels.Get<Action<AcceleratorStream, KernelConfig, long, long, ArrayView<double>, double, float>>(MatrixKernels<TFormat>.Divide)(
            stream, Config(x.Length * x.Count), x.Address, x.Length, sums, scale, (float)epsilon);
    }

    public void SymmetricProduct(MatrixBatch x, float scale, MatrixBatch result)
    {
        // Row r of X is a row of the matrix, or a column if the matrix is tall.
        var (row, depth) = x.IsTall ? (1L, (long)x.Columns) : (x.Columns, 1L);
        Multiply(new()
        {
            Left = x.Address,
            LeftMatrixStride = x.Length,
            LeftRowStride = row,
            LeftDepthStride = depth,
            Right = x.Address,
            RightMatrixStride = x.Length,
            RightDepthStride = depth,
            RightColumnStride = row,
            Depth = Math.Max(x.Rows, x.Columns),
            Alpha = scale,
        }, result);
    }

    public void SymmetricPolynomial(MatrixBatch a, float b, float c, MatrixBatch result) => Multiply(a, a, a, c, b, result);

    /// <remarks>The transpose of a X + B X is a Xᵀ + Xᵀ B, and Xᵀ is how a tall matrix lies.</remarks>
    public void MultiplyAdd(MatrixBatch b, MatrixBatch x, float a, MatrixBatch result) =>
        Multiply(x.IsTall ? x : b, x.IsTall ? b : x, x, 1, a, result);

    public void Dispose() => _sums?.Dispose();

    /// <summary>result = round(beta * addend + alpha * (left right)), of matrices as they lie.</summary>
    private void Multiply(MatrixBatch left, MatrixBatch right, MatrixBatch addend, float alpha, float beta, MatrixBatch result) => Multiply(new()
    {
        Left = left.Address,
        LeftMatrixStride = left.Length,
        LeftRowStride = left.Columns,
        LeftDepthStride = 1,
        Right = right.Address,
        RightMatrixStride = right.Length,
        RightDepthStride = right.Columns,
        RightColumnStride = 1,
        Depth = left.Columns,
        Addend = addend.Address,
        Alpha = alpha,
        Beta = beta,
    }, result);

    private void Multiply(GpuProduct product, MatrixBatch result)
    {
        product.Result = result.Address;
        product.Count = result.Count;
        product.Rows = result.Rows;
        product.Columns = result.Columns;
        kernels.Get<Action<AcceleratorStream, KernelConfig, GpuProduct>>(MatrixKernels<TFormat>.Multiply)(stream, Config(result.Length * result.Count), product);
    }

    /// <summary>A thread for each element, or fewer that take several: on the CPU, where a group of threads costs more than its work.</summary>
    private KernelConfig Config(long elements)
    {
        var most = accelerator.AcceleratorType == AcceleratorType.CPU ? 4 * accelerator.NumMultiprocessors : 1 << 20;
        return new((int)Math.Min((elements + groupSize - 1) / groupSize, most), groupSize);
    }
}
