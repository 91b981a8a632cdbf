using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Ilgpu.Matrix;

/// <summary>
/// Matrix products of a batch, <c>result[r, c] = Σ left[r, k] * right[k, c]</c>, with what is done to each sum: <c>round(beta * addend + alpha * sum)</c>,
/// or without an addend <c>round(alpha * round(sum))</c>. How operands lie is a kernel's <see cref="ITileLayout"/>; addends lie as results do.
/// </summary>
internal struct GpuProduct
{
    /// <summary>Addresses of the first matrices; no addend is 0.</summary>
    public long Left, Right, Addend, Result;

    /// <summary>Elements from one matrix of a batch to the next.</summary>
    public long LeftLength, RightLength, ResultLength;

    /// <summary>Elements from one line to the next; an operand's lines are whichever its layout says, a result's its rows.</summary>
    public int LeftStride, RightStride, ResultStride;

    /// <summary>How many products there are, and the extents of each.</summary>
    public int Count, Rows, Columns, Depth;

    /// <summary>Factors of the sums and of the addend.</summary>
    public float Alpha, Beta;

    /// <summary>Products of matrices, with nothing to add; their depth and the factor are still to be said.</summary>
    public static GpuProduct Of(MatrixBatch left, MatrixBatch right, MatrixBatch result) => new()
    {
        Left = left.Address,
        LeftLength = left.Length,
        LeftStride = left.Stride,
        Right = right.Address,
        RightLength = right.Length,
        RightStride = right.Stride,
        Result = result.Address,
        ResultLength = result.Length,
        ResultStride = result.Stride,
        Count = result.Count,
        Rows = result.Rows,
        Columns = result.Columns,
    };

    /// <summary>The result of one sum, not yet rounded.</summary>
    /// <param name="sum">The sum.</param>
    /// <param name="addend">Its addend, if there are any.</param>
    public readonly GpuFloats1 Finish<TFormat>(GpuFloats1 sum, GpuFloats1 addend) where TFormat : IFormat => Addend != 0
        ? GpuFloats1.FusedMultiplyAdd(addend, new(Beta), GpuFloats1.Multiply(new(Alpha), sum))
        : GpuFloats1.Multiply(new(Alpha), TFormat.Round(sum));
}
