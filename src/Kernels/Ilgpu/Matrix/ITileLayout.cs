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

    /// <summary>Bytes from the start of the tile in shared memory to the piece that begins with an element.</summary>
    static abstract int Place(int row, int depth);

    /// <summary>Where a lane finds its lines of the fragments of a warp's 64 rows.</summary>
    /// <param name="tile">The address of the first stage's tile in shared memory.</param>
    /// <param name="row">The first row.</param>
    /// <param name="isRight">Whether they are for a right operand.</param>
    static abstract FragmentPlaces Fragments(int tile, int row, bool isRight);

    /// <summary>A warp's fragment of 16 rows by 16 inner indices, as <c>mma.m16n8k16</c> wants a left operand, or two of right ones.</summary>
    /// <param name="places">What <see cref="Fragments"/> says.</param>
    /// <param name="stage">Bytes from the first stage's tile to this one.</param>
    /// <param name="strip">Which 16 of the rows, 0 to 3.</param>
    /// <param name="half">Which half of the tile's inner indices, 0 or 1.</param>
    static abstract UInt4 LoadFragment(FragmentPlaces places, int stage, int strip, int half);
}
