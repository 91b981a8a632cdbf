namespace GpuOptim.Kernels.Ilgpu;

/// <summary>Square matrices of a batch, and others that lie alike.</summary>
/// <param name="source">The matrices.</param>
/// <param name="result">The others.</param>
internal struct GpuIdentity(MatrixBatch source, MatrixBatch result)
{
    /// <summary>Addresses of the first matrices.</summary>
    public long Source = source.Address, Result = result.Address;

    /// <summary>Elements from one matrix to the next.</summary>
    public long Length = source.Length;

    /// <summary>Rows of a matrix, and elements from one to the next.</summary>
    public int Order = source.Order, Stride = source.Stride;
}
