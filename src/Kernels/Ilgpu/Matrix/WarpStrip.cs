using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Ilgpu.Matrix;

/// <summary>
/// 16 x 64 sums of a warp as eight times 16 x 8. A lane has two neighbors of a row in X and Y, and those eight rows below in Z and W: rows go by
/// lane / 4, columns by two times lane % 4.
/// </summary>
internal struct WarpStrip
{
    public Float4 Sums0, Sums1, Sums2, Sums3, Sums4, Sums5, Sums6, Sums7;

    /// <summary>Adds the products of 16 inner indices.</summary>
    /// <typeparam name="TFormat">The operands' element type.</typeparam>
    /// <param name="left">The fragment of the left operand's 16 rows.</param>
    /// <param name="right0">The fragments of the right operand's first 16 columns, 8 in X and Y and 8 in Z and W: two neighbors in registers, as <c>mma</c> takes them.</param>
    /// <param name="right1">Those of the next 16.</param>
    /// <param name="right2">And the next.</param>
    /// <param name="right3">And the last.</param>
    public readonly WarpStrip MultiplyAdd<TFormat>(UInt4 left, UInt4 right0, UInt4 right1, UInt4 right2, UInt4 right3) where TFormat : IFormat => new()
    {
        Sums0 = TensorCore.MultiplyAdd<TFormat>(left, new(right0.X, right0.Y), Sums0),
        Sums1 = TensorCore.MultiplyAdd<TFormat>(left, new(right0.Z, right0.W), Sums1),
        Sums2 = TensorCore.MultiplyAdd<TFormat>(left, new(right1.X, right1.Y), Sums2),
        Sums3 = TensorCore.MultiplyAdd<TFormat>(left, new(right1.Z, right1.W), Sums3),
        Sums4 = TensorCore.MultiplyAdd<TFormat>(left, new(right2.X, right2.Y), Sums4),
        Sums5 = TensorCore.MultiplyAdd<TFormat>(left, new(right2.Z, right2.W), Sums5),
        Sums6 = TensorCore.MultiplyAdd<TFormat>(left, new(right3.X, right3.Y), Sums6),
        Sums7 = TensorCore.MultiplyAdd<TFormat>(left, new(right3.Z, right3.W), Sums7),
    };
}
