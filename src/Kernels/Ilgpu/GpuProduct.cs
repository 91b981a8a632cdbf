namespace GpuOptim.Kernels.Ilgpu;

/// <summary>
/// Matrix products of a batch, <c>result[r, c] = Σ left[r, k] * right[k, c]</c>, with what is done to each sum: see <see cref="MatrixKernels{TFormat}"/>.
/// Strides are in elements.
/// </summary>
internal struct GpuProduct
{
    public long Left;
    public long Right;
    public long Addend;
    public long Result;
    public long LeftMatrixStride;
    public long RightMatrixStride;
    public long LeftRowStride;
    public long LeftDepthStride;
    public long RightDepthStride;
    public long RightColumnStride;
    public int Count;
    public int Rows;
    public int Columns;
    public int Depth;
    public float Alpha;
    public float Beta;
}
