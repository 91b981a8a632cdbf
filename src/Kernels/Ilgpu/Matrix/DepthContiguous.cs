using ILGPU;

namespace GpuOptim.Kernels.Ilgpu.Matrix;

/// <summary>Elements of one row and neighboring inner indices are neighbors: the rows of a left operand row by row.</summary>
internal readonly struct DepthContiguous : ITileLayout
{
    public static bool IsDepthContiguous => true;

    public static long Offset(long row, long depth, int stride) => row * stride + depth;

    public static int PieceRow(int piece) => piece / 4;

    public static int PieceDepth(int piece) => piece % 4 * 8;

    public static int PieceLength(int rows, int depth) => rows > 0 ? depth : 0;

    /// <remarks>Two lines of 64 bytes lie across all banks.</remarks>
    public static int Place(int row, int depth) => row * 64 + (((depth / 8) ^ (row / 2)) & 3) * 16;

    public static UInt4 LoadFragment(int tile, int row, int depth)
    {
        var lane = Group.IdxX % 32;
        return TensorCore.LoadMatrices(tile + Place(row + lane % 16, depth + lane / 16 * 8));
    }
}
