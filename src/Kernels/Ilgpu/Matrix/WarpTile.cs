namespace GpuOptim.Kernels.Ilgpu.Matrix;

/// <summary>The sums of a warp: 64 x 32 elements of the result, in registers, as four strips of 16 rows.</summary>
internal struct WarpTile
{
    public WarpStrip Strip0, Strip1, Strip2, Strip3;

    /// <summary>Adds the products of 16 inner indices: 16 <c>mma</c> for six fragments.</summary>
    /// <typeparam name="TLeft">How the left operand lies.</typeparam>
    /// <typeparam name="TRight">How the right operand lies.</typeparam>
    /// <param name="left">The left tile in shared memory.</param>
    /// <param name="right">The right one.</param>
    /// <param name="row">The warp's first row in the left tile.</param>
    /// <param name="column">Its first column, a row of the right tile.</param>
    /// <param name="depth">The first inner index in both.</param>
    public readonly WarpTile MultiplyAdd<TLeft, TRight>(int left, int right, int row, int column, int depth)
        where TLeft : struct, ITileLayout
        where TRight : struct, ITileLayout
    {
        var right0 = TRight.LoadFragment(right, column, depth);
        var right1 = TRight.LoadFragment(right, column + 16, depth);
        return new()
        {
            Strip0 = Strip0.MultiplyAdd(TLeft.LoadFragment(left, row, depth), right0, right1),
            Strip1 = Strip1.MultiplyAdd(TLeft.LoadFragment(left, row + 16, depth), right0, right1),
            Strip2 = Strip2.MultiplyAdd(TLeft.LoadFragment(left, row + 32, depth), right0, right1),
            Strip3 = Strip3.MultiplyAdd(TLeft.LoadFragment(left, row + 48, depth), right0, right1),
        };
    }
}
