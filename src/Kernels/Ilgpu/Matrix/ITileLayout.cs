namespace GpuOptim.Kernels.Ilgpu.Matrix;

/// <summary>
/// How an operand of a product lies in memory, and how a tile of it, 128 rows by some inner indices of 16 bits, is cut into pieces of 16 bytes and lies
/// in shared memory. Rows are those of the left operand, and the columns of the right one; their other index is the product's inner one.
/// </summary>
/// <remarks>
/// Pieces change places within a line of a tile in a pattern that repeats every eight lines, so that eight neighbors of any line or column fall on all
/// 32 banks: writing a tile and reading it are free of conflicts.
/// </remarks>
internal interface ITileLayout
{
    /// <summary>Whether lines of the operand run along the inner index.</summary>
    static abstract bool IsDepthContiguous { get; }

    /// <summary>Inner indices of a tile.</summary>
    static abstract int TileDepth { get; }

    /// <summary>Threads that bring a tile, four pieces each.</summary>
    static abstract int GroupSize { get; }

    /// <summary>Elements from the operand's start to one of them.</summary>
    /// <param name="row">The row.</param>
    /// <param name="depth">The inner index.</param>
    /// <param name="stride">Elements from one line to the next.</param>
    static abstract long Offset(long row, long depth, int stride);

    /// <summary>The row in its tile at which a piece begins.</summary>
    static abstract int PieceRow(int piece);

    /// <summary>The inner index in its tile at which a piece begins.</summary>
    static abstract int PieceDepth(int piece);

    /// <summary>Bytes from the start of the tile in shared memory to the piece that begins with an element.</summary>
    static abstract int Place(int row, int depth);
}
