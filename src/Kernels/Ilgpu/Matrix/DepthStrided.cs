using ILGPU;

namespace GpuOptim.Kernels.Ilgpu.Matrix;

/// <summary>Elements of neighboring rows and one inner index are neighbors: the columns of a right operand row by row, the rows of a transposed left one.</summary>
internal readonly struct DepthStrided : IFragmentLayout
{
    public static bool IsDepthContiguous => false;

    public static int TileDepth => TensorProduct.TileDepth;

    public static int GroupSize => TensorProduct.GroupSize;

    public static long Offset(long row, long depth, int stride) => depth * stride + row;

    public static int PieceRow(int piece) => piece % 16 * 8;

    public static int PieceDepth(int piece) => piece / 16;

    public static int Place(int row, int depth) => depth * 256 + ((row / 8) ^ (depth & 7)) * 16;

    /// <remarks>One for each strip; the lines of the later inner indices are 4096 bytes behind those of the earlier.</remarks>
    public static FragmentPlaces Fragments(int tile, int row, bool isRight)
    {
        int lane = Group.IdxX % 32, depth = lane % 8 + FragmentPlaces.Depth(lane, isRight);
        row += FragmentPlaces.Row(lane, isRight);
        return new(tile + Place(row, depth), tile + Place(row + 16, depth), tile + Place(row + 32, depth), tile + Place(row + 48, depth));
    }

    public static UInt4 LoadFragment(FragmentPlaces places, int stage, int strip, int half) =>
        TensorCore.LoadMatricesTransposed((strip == 0 ? places.Place0 : strip == 1 ? places.Place1 : strip == 2 ? places.Place2 : places.Place3) + stage + half * 16 * 256);
}
