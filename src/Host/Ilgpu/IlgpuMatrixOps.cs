using GpuOptim.Kernels;
using GpuOptim.Kernels.Ilgpu.Matrix;
using GpuOptim.Kernels.Lanes;
using ILGPU;

namespace GpuOptim.Host.Ilgpu;

/// <summary>The matrix operations of Newton-Schulz on an accelerator, each for all matrices of a batch in one launch.</summary>
/// <typeparam name="TFormat">The matrices' element type.</typeparam>
/// <param name="queue">Where to launch.</param>
/// <param name="sums">The sums of squares of the chunks of matrices that are normalized.</param>
internal sealed class IlgpuMatrixOps<TFormat>(IlgpuQueue queue, ArrayView<double> sums) : IMatrixOps where TFormat : IFormat
{
    public void Normalize(MatrixBatch raw, MatrixBatch x, double scale, double epsilon)
    {
        if (raw.ElementType == TFormat.Type)
            queue.Normalize<TFormat, TFormat>(raw, x, sums, scale, (float)epsilon);
        else
            queue.Normalize<Float32Format, TFormat>(raw, x, sums, scale, (float)epsilon);
    }

    public void SymmetricProduct(MatrixBatch x, float scale, MatrixBatch result)
    {
        var product = GpuProduct.Of(x, x, result) with { Depth = Math.Max(x.Rows, x.Columns), Alpha = scale };
        if (x.IsTall)
            queue.Multiply<TFormat, DepthStrided, DepthStrided, LowerTiles>(product);
        else
            queue.Multiply<TFormat, DepthContiguous, DepthContiguous, LowerTiles>(product);
    }

    /// <remarks>A is symmetric, so its columns are its rows.</remarks>
    public void SymmetricPolynomial(MatrixBatch a, float b, float c, MatrixBatch result) =>
        queue.Multiply<TFormat, DepthContiguous, DepthContiguous, LowerTiles>(GpuProduct.Of(a, a, result) with { Depth = a.Order, Alpha = c, Addend = a.Address, Beta = b });

    /// <remarks>X is symmetric, too.</remarks>
    public void SymmetricMultiplyAdd(MatrixBatch b, float factor, MatrixBatch x, float scale, MatrixBatch result) =>
        queue.Multiply<TFormat, DepthContiguous, DepthContiguous, LowerTiles>(GpuProduct.Of(b, x, result) with { Depth = b.Order, Alpha = factor, Addend = x.Address, Beta = scale });

    public void AddIdentity(MatrixBatch a, float factor, float scale, MatrixBatch result) => queue.AddIdentity<TFormat>(a, factor, scale, result);

    public void Deviation(MatrixBatch a, nint result) => queue.Deviation<TFormat>(a, result);

    /// <remarks>The transpose of a X + B X is a Xᵀ + Xᵀ B, and Xᵀ is how a tall matrix lies.</remarks>
    public void MultiplyAdd(MatrixBatch b, MatrixBatch x, float a, MatrixBatch result) =>
        queue.Multiply<TFormat, DepthContiguous, DepthStrided, AllTiles>(GpuProduct.Of(x.IsTall ? x : b, x.IsTall ? b : x, result) with { Depth = b.Order, Alpha = 1, Addend = a == 0 ? 0 : x.Address, Beta = a });
}
