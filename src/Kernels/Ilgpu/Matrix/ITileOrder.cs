namespace GpuOptim.Kernels.Ilgpu.Matrix;

/// <summary>Which tiles of a product are computed, and in which order.</summary>
internal interface ITileOrder
{
    /// <summary>Whether each tile is written a second time, transposed, on the other side of the diagonal.</summary>
    static abstract bool Mirrors { get; }

    /// <summary>How many tiles are computed of a product with so many down and across.</summary>
    static abstract int Count(int down, int across);

    /// <summary>The place of a tile.</summary>
    /// <param name="index">Its number, below <see cref="Count"/>.</param>
    /// <param name="down">Tiles down.</param>
    /// <param name="across">Tiles across.</param>
    static abstract (int Row, int Column) Locate(int index, int down, int across);
}
