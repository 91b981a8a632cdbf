namespace GpuOptim.Kernels.Ilgpu.Matrix;

/// <summary>A layout whose tiles, 128 rows by 32 inner indices, warps read by <c>ldmatrix</c> as fragments for <c>mma.sync</c>.</summary>
internal interface IFragmentLayout : ITileLayout
{
    /// <summary>Where a lane finds its lines of the fragments of a warp's 64 rows.</summary>
    /// <param name="tile">The address of the first stage's tile in shared memory.</param>
    /// <param name="row">The first row.</param>
    /// <param name="isRight">Whether they are for a right operand.</param>
    static abstract FragmentPlaces Fragments(int tile, int row, bool isRight);

    /// <summary>A warp's fragment of 16 rows by 16 inner indices, as <c>mma.m16n8k16</c> wants a left operand, or two of right ones.</summary>
    /// <param name="places">What <see cref="Fragments"/> says.</param>
    /// <param name="stage">Bytes from the first stage's tile to this one.</param>
    /// <param name="strip">Which 16 of the rows, 0 to 3.</param>
    /// <param name="half">Which half of the tile's inner indices, 0 or 1.</param>
    static abstract UInt4 LoadFragment(FragmentPlaces places, int stage, int strip, int half);
}
