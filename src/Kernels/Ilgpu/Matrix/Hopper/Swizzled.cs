namespace GpuOptim.Kernels.Ilgpu.Matrix.Hopper;

/// <summary>
/// A layout whose tiles lie in shared memory as <c>wgmma</c> finds them: 128 rows by 64 inner indices in lines of 128 bytes, whose pieces change places
/// in a pattern that repeats every eight lines.
/// </summary>
/// <remarks>
/// Source: PTX ISA, "Asynchronous warpgroup level matrix shared memory layout", 128-byte swizzle. Where inner indices are neighbors a line is a row; else
/// it is 64 rows of an inner index, and the lines of the last 64 rows come behind those of the first.
/// </remarks>
/// <typeparam name="TLayout">How the operand lies in global memory.</typeparam>
internal readonly struct Swizzled<TLayout> : ITileLayout where TLayout : struct, ITileLayout
{
    private const int LineBytes = 128, LinesOfPattern = 8, PiecesOfLine = LineBytes / 16;

    /// <summary>Bytes of 64 lines.</summary>
    private const int BlockBytes = WarpgroupProduct.TileDepth * LineBytes;

    public static bool IsDepthContiguous => TLayout.IsDepthContiguous;

    public static int TileDepth => WarpgroupProduct.TileDepth;

    public static int GroupSize => WarpgroupProduct.GroupSize;

    /// <summary>Bytes from 16 inner indices of a tile to the next, where the pattern is left to <c>wgmma</c>.</summary>
    public static int PartBytes => TLayout.IsDepthContiguous ? 16 * 2 : 16 * LineBytes;

    public static long Offset(long row, long depth, int stride) => TLayout.Offset(row, depth, stride);

    public static int PieceRow(int piece) => TLayout.IsDepthContiguous ? piece / PiecesOfLine : piece / (BlockBytes / 16) * 64 + piece % PiecesOfLine * 8;

    public static int PieceDepth(int piece) => TLayout.IsDepthContiguous ? piece % PiecesOfLine * 8 : piece / PiecesOfLine % WarpgroupProduct.TileDepth;

    public static int Place(int row, int depth) => TLayout.IsDepthContiguous ? Place(row, depth / 8, 0) : Place(depth, row / 8 % PiecesOfLine, row / 64);

    /// <summary>What <c>wgmma</c> takes for the address of an operand: where it begins, in units of 16 bytes, and how it lies.</summary>
    public static long Describe(int place)
    {
        // Of lines that are rows there is one block, and nobody asks how far the next is.
        const long Swizzle128 = 1L << 62, Pattern = (long)LinesOfPattern * LineBytes / 16 << 32, Block = (long)BlockBytes / 16 << 16;
        return Swizzle128 | Pattern | Block | (uint)place / 16;
    }

    private static int Place(int line, int piece, int block) => block * BlockBytes + line * LineBytes + (piece ^ (line & (LinesOfPattern - 1))) * 16;
}
