using ILGPU;

namespace GpuOptim.Kernels.Ilgpu.Matrix.Small;

/// <summary>An operand whose inner indices are lines.</summary>
/// <typeparam name="TColumns">Elements of a line.</typeparam>
internal readonly struct AcrossLines<TColumns> : IOperand where TColumns : struct, IExtent
{
    public static int Place(int matrix, int row, bool isRight)
    {
        var lane = Group.IdxX & 31;
        return TensorCore.Keep(matrix + Lines<TColumns>.Place((lane & 7) + FragmentPlaces.Depth(lane, isRight), row + FragmentPlaces.Row(lane, isRight)));
    }

    public static UInt4 Load(int place, int row, int depth) => TensorCore.LoadMatricesTransposed((place ^ (row * 2)) + depth * Lines<TColumns>.Bytes);
}
