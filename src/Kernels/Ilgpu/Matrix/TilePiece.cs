namespace GpuOptim.Kernels.Ilgpu.Matrix;

/// <summary>Eight bfloat16 on their way between global memory and shared memory, at once where both ends are aligned to their 16 bytes.</summary>
internal static class TilePiece
{
    /// <summary>Starts to copy a piece to shared memory, or copies it where it is not aligned. What is beyond the matrix becomes zero.</summary>
    /// <param name="source">Its address.</param>
    /// <param name="length">How many of its elements are in the matrix: 8 or more is all, 0 or less none. Aligned lines end with whole pieces.</param>
    /// <param name="isAligned">Whether lines of the matrix begin on multiples of 16 bytes.</param>
    /// <param name="destination">Where it goes in shared memory.</param>
    public static void Load(long source, int length, bool isAligned, int destination)
    {
        if (isAligned)
            TensorCore.CopyAsync(destination, source, length > 0 ? 16 : 0);
        else
            TensorCore.StoreSharedFour(destination, new(LoadTwo(source, length), LoadTwo(source + 4, length - 2), LoadTwo(source + 8, length - 4), LoadTwo(source + 12, length - 6)));
    }

    /// <summary>Copies what of a piece is in the matrix from shared memory.</summary>
    public static void Store(int source, long destination, int length, bool isAligned)
    {
        if (length <= 0)
            return;
        var piece = TensorCore.LoadSharedFour(source);
        if (isAligned)
        {
            TensorCore.StoreFour(destination, piece);
            return;
        }
        StoreTwo(destination, piece.X, length);
        StoreTwo(destination + 4, piece.Y, length - 2);
        StoreTwo(destination + 8, piece.Z, length - 4);
        StoreTwo(destination + 12, piece.W, length - 6);
    }

    private static uint LoadTwo(long source, int length) =>
        (length > 0 ? TensorCore.LoadOne(source) : 0u) | ((length > 1 ? TensorCore.LoadOne(source + 2) : 0u) << 16);

    private static void StoreTwo(long destination, uint two, int length)
    {
        if (length > 0)
            TensorCore.StoreOne(destination, (ushort)two);
        if (length > 1)
            TensorCore.StoreOne(destination + 2, (ushort)(two >> 16));
    }
}
