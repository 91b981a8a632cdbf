namespace GpuOptim.Kernels.Ilgpu.Matrix;

/// <summary>
/// How an operand of a product lies in memory, and how a tile of it, 128 rows by 32 inner indices of 16 bits, is cut into pieces of 16 bytes and lies
/// in shared memory. Rows are those of the left operand, and the columns of the right one; their other index is the product's inner one.
/// </summary>
/// <remarks>
/// Pieces change places within a line of a tile in a pattern that repeats every eight lines, so that eight neighbors of any line or column fall on all
/// 32 banks: writing a tile and reading it by <c>ldmatrix</c> are free of conflicts.
/// </remarks>
internal interface ITileLayout
{
    /// <summary>Whether lines of the operand run along the inner index.</summary>
    static abstract bool IsDepthContiguous { get; }

    /// <summary>Elements from the operand's start to one of them.</summary>
    /// <param name="row">The row.</param>
    /// <param name="depth">The inner index.</param>
    /// <param name="stride">Elements from one line to the next.</param>
    static abstract long Offset(long row, long depth, int stride);

    /// <summary>The row in its tile at which a piece begins.</summary>
    static abstract int PieceRow(int piece);

    /// <summary>The inner index in its tile at which a piece begins.</summary>
    static abstract int PieceDepth(int piece);

    /// <summary>How many elements of a piece are within the operand: 8 or more is all, 0 or less none.</summary>
    /// <param name="rows">How many rows the operand has from the piece's on.</param>
    /// <param name="depth">How many inner indices the operand has from the piece's on.</param>
    static abstract int PieceLength(int rows, int depth);

    /// <summary>Bytes from the start of the tile in shared memory to the piece that begins with an element.</summary>
    static abstract int Place(int row, int depth);

    /// <summary>A warp's fragment of 16 rows by 16 inner indices, as <c>mma.m16n8k16</c> wants a left operand: rows 0 to 7 and 8 to 15, then again for the later inner indices.</summary>
    /// <param name="tile">The tile's address in shared memory.</param>
    /// <param name="row">The fragment's first row.</param>
    /// <param name="depth">The fragment's first inner index.</param>
    static abstract UInt4 LoadFragment(int tile, int row, int depth);
}
