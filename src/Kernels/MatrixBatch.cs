namespace GpuOptim.Kernels;

/// <summary>Matrices of one shape, row by row, one behind the other in a device's memory.</summary>
/// <param name="Address">Where the first begins.</param>
/// <param name="ElementType">The type of the numbers.</param>
/// <param name="Count">How many matrices there are.</param>
/// <param name="Rows">Rows of each.</param>
/// <param name="Columns">Columns of each.</param>
internal readonly record struct MatrixBatch(nint Address, ElementType ElementType, int Count, int Rows, int Columns)
{
    /// <summary>Elements from one row to the next: as many as there are columns, unless more are between rows, which are zero.</summary>
    public int Stride { get => field == 0 ? Columns : field; init; }

    /// <summary>Rows from one matrix to the next: as many as each has, unless more are between matrices, which are zero.</summary>
    public int Lines { get => field == 0 ? Rows : field; init; }

    /// <summary>Elements from one matrix to the next.</summary>
    public long Length => (long)Lines * Stride;

    /// <summary>The smaller extent: that of the matrices X Xᵀ, where X is the matrix, or its transpose if it is tall.</summary>
    public int Order => Math.Min(Rows, Columns);

    /// <summary>Whether there are more rows than columns. Such a matrix is worked on transposed, by index; nothing is copied.</summary>
    public bool IsTall => Rows > Columns;

    /// <summary>One of the matrices.</summary>
    public MatrixBatch this[int index] => this with { Address = Address + (nint)(index * Length * ElementType.Size()), Count = 1 };
}
