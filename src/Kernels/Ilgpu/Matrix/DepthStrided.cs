using ILGPU;

namespace GpuOptim.Kernels.Ilgpu.Matrix;

/// <summary>Elements of neighboring rows and one inner index are neighbors: the columns of a right operand row by row, the rows of a transposed left one.</summary>
internal readonly struct DepthStrided : ITileLayout
{
    public static bool IsDepthContiguous => false;

    public static long Offset(long row, long depth, int stride) => depth * stride + row;

    public static int PieceRow(int piece) => piece % 16 * 8;

    public static int PieceDepth(int piece) => piece / 16;

    public static int PieceLength(int rows, int depth) => depth > 0 ? rows : 0;

    public static int Place(int row, int depth) => depth * 256 + ((row / 8) ^ (depth & 7)) * 16;

    public static UInt4 LoadFragment(int tile, int row, int depth)
    {
        var lane = Group.IdxX % 32;
        return TensorCore.LoadMatricesTransposed(tile + Place(row + lane / 8 % 2 * 8, depth + lane % 8 + lane / 16 * 8));
    }
}
