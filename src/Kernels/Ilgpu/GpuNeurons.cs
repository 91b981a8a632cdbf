namespace GpuOptim.Kernels.Ilgpu;

/// <summary>Matrices whose rows are normalized: how they lie, and where the rows go, as floats without anything between them.</summary>
/// <param name="matrices">The matrices.</param>
/// <param name="result">Where the first row goes.</param>
internal struct GpuNeurons(MatrixBatch matrices, nint result)
{
    /// <summary>Addresses of the first matrix and of what it becomes.</summary>
    public long Source = matrices.Address, Result = result;

    /// <summary>Elements from one matrix to the next.</summary>
    public long Length = matrices.Length;

    /// <summary>Extents of a matrix, and elements from one row to the next.</summary>
    public int Rows = matrices.Rows, Columns = matrices.Columns, Stride = matrices.Stride;
}
