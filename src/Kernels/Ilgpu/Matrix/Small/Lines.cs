namespace GpuOptim.Kernels.Ilgpu.Matrix.Small;

/// <summary>
/// How matrices of bfloat16 lie in shared memory: row by row in lines of 128 or 256 bytes, whose pieces of 16 bytes change places in a pattern that repeats
/// every eight lines, so that eight neighbors of any line or column fall on all 32 banks.
/// </summary>
/// <remarks>
/// Matrices begin on a multiple of <see cref="SmallMatrices.Alignment"/>. The number of a piece in its line is then some bits of its address, exclusive or
/// with the line's: one goes along a line by another exclusive or, wherever it is.
/// </remarks>
/// <typeparam name="TColumns">Elements of a line.</typeparam>
internal static class Lines<TColumns> where TColumns : struct, IExtent
{
    /// <summary>Bytes of a line.</summary>
    public static int Bytes => TColumns.Elements * 2;

    /// <summary>Bytes from the start of a matrix to the piece that holds an element.</summary>
    public static int Place(int row, int column) => row * Bytes + ((column / 8) ^ (row & 7)) * 16;
}
