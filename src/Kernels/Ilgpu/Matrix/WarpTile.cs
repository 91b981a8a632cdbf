using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Ilgpu.Matrix;

/// <summary>The sums of a warp: 64 x 64 elements of the result, in registers, as four strips of 16 rows.</summary>
internal struct WarpTile
{
    /// <summary>Rows, and columns.</summary>
    public const int Rows = 64;

    public WarpStrip Strip0, Strip1, Strip2, Strip3;

    /// <summary>Adds the products of 16 inner indices: 32 <c>mma</c> for eight fragments.</summary>
    /// <typeparam name="TFormat">The operands' element type.</typeparam>
    /// <typeparam name="TLeft">How the left operand lies.</typeparam>
    /// <typeparam name="TRight">How the right operand lies.</typeparam>
    /// <param name="left">Where fragments of the left tile are in shared memory.</param>
    /// <param name="right">Where those of the right one are.</param>
    /// <param name="stage">Bytes from the first stage's tiles to these.</param>
    /// <param name="half">Which half of the tiles' inner indices.</param>
    public readonly WarpTile MultiplyAdd<TFormat, TLeft, TRight>(FragmentPlaces left, FragmentPlaces right, int stage, int half)
        where TFormat : IFormat
        where TLeft : struct, IFragmentLayout
        where TRight : struct, IFragmentLayout
    {
        var right0 = TRight.LoadFragment(right, stage, 0, half);
        var right1 = TRight.LoadFragment(right, stage, 1, half);
        var right2 = TRight.LoadFragment(right, stage, 2, half);
        var right3 = TRight.LoadFragment(right, stage, 3, half);
        return new()
        {
            Strip0 = Strip0.MultiplyAdd<TFormat>(TLeft.LoadFragment(left, stage, 0, half), right0, right1, right2, right3),
            Strip1 = Strip1.MultiplyAdd<TFormat>(TLeft.LoadFragment(left, stage, 1, half), right0, right1, right2, right3),
            Strip2 = Strip2.MultiplyAdd<TFormat>(TLeft.LoadFragment(left, stage, 2, half), right0, right1, right2, right3),
            Strip3 = Strip3.MultiplyAdd<TFormat>(TLeft.LoadFragment(left, stage, 3, half), right0, right1, right2, right3),
        };
    }
}
