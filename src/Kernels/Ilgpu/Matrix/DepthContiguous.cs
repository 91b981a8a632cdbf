using ILGPU;

namespace GpuOptim.Kernels.Ilgpu.Matrix;

/// <summary>Elements of one row and neighboring inner indices are neighbors: the rows of a left operand row by row.</summary>
internal readonly struct DepthContiguous : IFragmentLayout
{
    public static bool IsDepthContiguous => true;

    public static int TileDepth => TensorProduct.TileDepth;

    public static int GroupSize => TensorProduct.GroupSize;

    public static long Offset(long row, long depth, int stride) => row * stride + depth;

    public static int PieceRow(int piece) => piece / 4;

    public static int PieceDepth(int piece) => piece % 4 * 8;

    /// <remarks>Two lines of 64 bytes lie across all banks.</remarks>
    public static int Place(int row, int depth) => row * 64 + (((depth / 8) ^ (row / 2)) & 3) * 16;

    /// <remarks>One for each half of the inner indices; a strip's lines are 1024 bytes behind those of the one before.</remarks>
    public static FragmentPlaces Fragments(int tile, int row, bool isRight)
    {
        int lane = Group.IdxX % 32, depth = FragmentPlaces.Depth(lane, isRight);
        row += lane % 8 + FragmentPlaces.Row(lane, isRight);
        return new(tile + Place(row, depth), tile + Place(row, depth + 16), 0, 0);
    }

    public static UInt4 LoadFragment(FragmentPlaces places, int stage, int strip, int half) =>
        TensorCore.LoadMatrices((half == 0 ? places.Place0 : places.Place1) + stage + strip * 16 * 64);
}
