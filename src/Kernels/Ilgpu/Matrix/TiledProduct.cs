namespace GpuOptim.Kernels.Ilgpu.Matrix;

/// <summary>How a product is cut where there are no tensor cores: a group of n x n threads takes a tile of 4n x 4n elements of the result.</summary>
internal static class TiledProduct
{
    /// <summary>The most threads down and across.</summary>
    public const int MaxGroupRows = 16;

    /// <summary>Rows and columns of the result that one thread has.</summary>
    public const int ThreadRows = 4;

    /// <summary>Inner indices of a tile of an operand; even, and a divisor of the accumulation blocks of <see cref="Simd.Matrix"/>.</summary>
    public const int TileDepth = 16;
}
