namespace GpuOptim.Kernels.Ilgpu;

/// <summary>Square matrices of a batch, and what is made of each by comparison with the identity.</summary>
/// <param name="source">The matrices.</param>
/// <param name="result">Address of the results: matrices that lie alike, or a float for each.</param>
internal struct GpuIdentity(MatrixBatch source, nint result)
{
    /// <summary>Addresses of the first matrices.</summary>
    public long Source = source.Address, Result = result;

    /// <summary>Elements from one matrix to the next.</summary>
    public long Length = source.Length;

    /// <summary>Rows of a matrix, and elements from one to the next.</summary>
    public int Order = source.Order, Stride = source.Stride;
}
