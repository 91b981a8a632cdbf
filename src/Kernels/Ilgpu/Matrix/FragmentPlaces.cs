namespace GpuOptim.Kernels.Ilgpu.Matrix;

/// <summary>Where a lane finds its lines of a warp's fragments in the first stage's tile; what they are is the <see cref="ITileLayout"/>'s.</summary>
internal readonly struct FragmentPlaces(int place0, int place1, int place2, int place3)
{
    public readonly int Place0 = TensorCore.Keep(place0), Place1 = TensorCore.Keep(place1), Place2 = TensorCore.Keep(place2), Place3 = TensorCore.Keep(place3);

    /// <summary>The first row of the matrix of 8 x 8 elements that a lane names a line of.</summary>
    /// <remarks><c>mma</c> takes a left operand's four matrices down and then across; of a right one's two at a time, across and then down.</remarks>
    public static int Row(int lane, bool isRight) => (isRight ? lane / 16 : (lane / 8) & 1) * 8;

    /// <summary>Its first inner index.</summary>
    public static int Depth(int lane, bool isRight) => (isRight ? (lane / 8) & 1 : lane / 16) * 8;
}
