namespace GpuOptim.Kernels.Ilgpu.Matrix;

/// <summary>
/// Matrix products of a batch, <c>result[r, c] = Σ left[r, k] * right[k, c]</c>, with what is done to each sum: <c>round(beta * addend + alpha * sum)</c>,
/// or without an addend <c>round(alpha * round(sum))</c>. How operands lie is a kernel's <see cref="ITileLayout"/>; results lie row by row.
/// </summary>
internal struct GpuProduct
{
    /// <summary>Addresses of the first matrices; no addend is 0.</summary>
    public long Left, Right, Addend, Result;

    /// <summary>Elements from one matrix of a batch to the next.</summary>
    public long LeftLength, RightLength;

    /// <summary>Elements from one line of an operand to the next, whichever its lines are.</summary>
    public int LeftStride, RightStride;

    /// <summary>How many products there are, and the extents of each.</summary>
    public int Count, Rows, Columns, Depth;

    /// <summary>Factors of the sums and of the addend.</summary>
    public float Alpha, Beta;
}
