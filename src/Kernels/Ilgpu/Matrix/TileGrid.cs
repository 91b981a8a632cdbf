using ILGPU;

namespace GpuOptim.Kernels.Ilgpu.Matrix;

/// <summary>Groups of threads to tiles of results: all tiles of a product, then those of the next.</summary>
internal static class TileGrid
{
    /// <summary>How many groups the products of a batch take.</summary>
    public static int Count<TOrder>(GpuProduct product, int tileRows) where TOrder : struct, ITileOrder =>
        checked(product.Count * TOrder.Count(Tiles(product.Rows, tileRows), Tiles(product.Columns, tileRows)));

    /// <summary>The matrix of a group, and the first row and column of its tile.</summary>
    public static (int Matrix, int Row, int Column) Locate<TOrder>(GpuProduct product, int group, int tileRows) where TOrder : struct, ITileOrder
    {
        int down = Tiles(product.Rows, tileRows), across = Tiles(product.Columns, tileRows);
        var tiles = TOrder.Count(down, across);
        var matrix = group / tiles;
        var (row, column) = TOrder.Locate(group - matrix * tiles, down, across);
        return (matrix, row * tileRows, column * tileRows);
    }

    /// <summary>The place of a tile in a rectangle of tiles, taken in bands of eight rows, column by column: groups that run at the same time share operands in the cache.</summary>
    public static (int Row, int Column) LocateInBands(int index, int down, int across)
    {
        const int BandRows = 8;
        var first = index / (BandRows * across) * BandRows;
        var height = IntrinsicMath.Min(down - first, BandRows);
        index -= first * across;
        return (first + index % height, index / height);
    }

    private static int Tiles(int extent, int tileRows) => (extent + tileRows - 1) / tileRows;
}
