namespace GpuOptim.Kernels.Ilgpu.Matrix;

/// <summary>How a product is cut for tensor cores, and how matrices must lie for it.</summary>
internal static class TensorProduct
{
    /// <summary>Threads of a group: four warps, two down and two across a tile of the result.</summary>
    public const int GroupSize = 128;

    /// <summary>Rows and columns of a tile of the result.</summary>
    public const int TileRows = 128;

    /// <summary>Inner indices of a tile of an operand.</summary>
    public const int TileDepth = 32;

    /// <summary>Tiles of each operand in shared memory: one is multiplied while four arrive. Two groups fit a multiprocessor of an A100 or H100, one of an RTX 4090.</summary>
    public const int Stages = 5;

    /// <summary>Bytes of a tile of an operand in shared memory.</summary>
    public const int TileBytes = TileRows * TileDepth * 2;

    /// <summary>Bytes of a tile of each.</summary>
    public const int StageBytes = 2 * TileBytes;

    /// <summary>Bytes of shared memory.</summary>
    public const int SharedBytes = Stages * StageBytes;

    /// <summary>Elements of a line of 128 bytes.</summary>
    private const int LineElements = 64;

    /// <summary>
    /// Lays matrices out so that the product's loop needs no look at where they end: rows begin on lines of 128 bytes, and behind rows and matrices
    /// there are zeros to whole tiles of inner indices.
    /// </summary>
    /// <param name="matrices">The matrices.</param>
    /// <param name="tileDepth">Inner indices of a tile.</param>
    public static MatrixBatch Pad(MatrixBatch matrices, int tileDepth) => matrices with
    {
        Stride = RoundUp(matrices.Columns, LineElements),
        Lines = RoundUp(matrices.Rows, tileDepth),
    };

    /// <summary>Bytes behind the last matrix that the loop may read, though nothing is done with them: it fetches tiles ahead.</summary>
    public static long BytesBehind(MatrixBatch matrices) => (Stages - 1) * (long)TileDepth * matrices.Stride * matrices.ElementType.Size();

    private static int RoundUp(int number, int unit) => checked((number + unit - 1) / unit * unit);
}
