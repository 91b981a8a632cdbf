namespace GpuOptim.Kernels.Ilgpu.Matrix;

/// <summary>
/// 16 x 32 sums of a warp as four times 16 x 8. A lane has two neighbors of a row in X and Y, and those eight rows below in Z and W: rows go by
/// lane / 4, columns by two times lane % 4.
/// </summary>
internal struct WarpStrip
{
    public Float4 Sums0, Sums1, Sums2, Sums3;

    /// <summary>Adds the products of 16 inner indices.</summary>
    /// <param name="left">The fragment of the left operand's 16 rows.</param>
    /// <param name="right0">The fragment of the right operand's first 16 columns: a left operand's, with both pairs of rows a right one's.</param>
    /// <param name="right1">That of the other 16.</param>
    public readonly WarpStrip MultiplyAdd(UInt4 left, UInt4 right0, UInt4 right1) => new()
    {
        Sums0 = TensorCore.MultiplyAdd(left, new(right0.X, right0.Z), Sums0),
        Sums1 = TensorCore.MultiplyAdd(left, new(right0.Y, right0.W), Sums1),
        Sums2 = TensorCore.MultiplyAdd(left, new(right1.X, right1.Z), Sums2),
        Sums3 = TensorCore.MultiplyAdd(left, new(right1.Y, right1.W), Sums3),
    };
}
