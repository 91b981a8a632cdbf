namespace GpuOptim.Kernels.Ilgpu;

/// <summary>Matrices to divide by their norms: how they lie, and how what comes out of it does.</summary>
/// <param name="source">The matrices, without anything between their rows.</param>
/// <param name="result">Where the quotients go; may be the matrices.</param>
internal struct GpuDivision(MatrixBatch source, MatrixBatch result)
{
    /// <summary>Addresses of the first matrices.</summary>
    public long Source = source.Address, Result = result.Address;

    /// <summary>Elements from one matrix to the next.</summary>
    public long SourceLength = source.Length, ResultLength = result.Length;

    /// <summary>Elements of a matrix.</summary>
    public long Length = (long)source.Rows * source.Columns;

    /// <summary>Elements of a row, and from one row of a result to the next.</summary>
    public int Columns = source.Columns, Stride = result.Stride;
}
