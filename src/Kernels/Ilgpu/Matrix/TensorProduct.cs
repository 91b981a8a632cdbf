namespace GpuOptim.Kernels.Ilgpu.Matrix;

/// <summary>How a product is cut for tensor cores.</summary>
internal static class TensorProduct
{
    /// <summary>Threads of a group: eight warps, two down and four across a tile of the result.</summary>
    public const int GroupSize = 256;

    /// <summary>Rows and columns of a tile of the result.</summary>
    public const int TileRows = 128;

    /// <summary>Inner indices of a tile of an operand.</summary>
    public const int TileDepth = 32;

    /// <summary>Tiles of each operand in shared memory: one is multiplied while two arrive. That is all 48 KB that a kernel has without asking.</summary>
    public const int Stages = 3;

    /// <summary>Bytes of shared memory.</summary>
    public const int SharedBytes = Stages * 2 * TileRows * TileDepth * 2;
}
