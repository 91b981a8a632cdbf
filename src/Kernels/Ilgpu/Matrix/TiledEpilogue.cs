using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Ilgpu.Matrix;

/// <summary>Makes results of the sums of a thread.</summary>
/// <typeparam name="TFormat">The matrices' element type.</typeparam>
/// <param name="product">The products.</param>
/// <param name="matrix">Which matrix of the batch it is.</param>
internal readonly unsafe struct TiledEpilogue<TFormat>(GpuProduct product, int matrix) where TFormat : IFormat
{
    private readonly GpuProduct _product = product;
    private readonly long _offset = matrix * product.ResultLength;

    /// <summary>Writes the results.</summary>
    /// <param name="sums">The sums.</param>
    /// <param name="row">Row of the first.</param>
    /// <param name="column">Column of the first.</param>
    /// <param name="mirrors">Whether to write those below the diagonal a second time with rows and columns exchanged, and none above.</param>
    public void Write(ThreadTile sums, int row, int column, bool mirrors)
    {
        Write(sums.Row0.ToFloat4(), row, column, mirrors);
        Write(sums.Row1.ToFloat4(), row + 1, column, mirrors);
        Write(sums.Row2.ToFloat4(), row + 2, column, mirrors);
        Write(sums.Row3.ToFloat4(), row + 3, column, mirrors);
    }

    private void Write(Float4 sums, int row, int column, bool mirrors)
    {
        Write(sums.X, row, column, mirrors);
        Write(sums.Y, row, column + 1, mirrors);
        Write(sums.Z, row, column + 2, mirrors);
        Write(sums.W, row, column + 3, mirrors);
    }

    private void Write(float sum, int row, int column, bool mirrors)
    {
        // Of matrices that commute but for rounding, what is above the diagonal would have other bits.
        if (row >= _product.Rows || column >= _product.Columns || (mirrors && column > row))
            return;
        var addend = _product.Addend != 0 ? TFormat.Load<GpuFloats1>(At(_product.Addend, row, column)) : new(0);
        var result = TFormat.Round(_product.Finish<TFormat>(new(sum), addend));
        TFormat.Store(result, At(_product.Result, row, column));
        if (mirrors)
            TFormat.Store(result, At(_product.Result, column, row));
    }

    private void* At(long matrices, int row, int column) => (void*)(matrices + (_offset + row * (long)_product.ResultStride + column) * TFormat.Size);
}
