using ILGPU;

namespace GpuOptim.Kernels.Ilgpu.Matrix.Small;

/// <summary>An operand whose rows are lines.</summary>
/// <typeparam name="TColumns">Elements of a line.</typeparam>
internal readonly struct AlongLines<TColumns> : IOperand where TColumns : struct, IExtent
{
    public static int Place(int matrix, int row, bool isRight)
    {
        var lane = Group.IdxX & 31;
        return TensorCore.Keep(matrix + Lines<TColumns>.Place(row + (lane & 7) + FragmentPlaces.Row(lane, isRight), FragmentPlaces.Depth(lane, isRight)));
    }

    public static UInt4 Load(int place, int row, int depth) => TensorCore.LoadMatrices((place ^ (depth * 2)) + row * Lines<TColumns>.Bytes);
}
