namespace GpuOptim.Kernels.Ilgpu.Matrix;

/// <summary>The tiles on and below the diagonal of a symmetric product; those above mirror them.</summary>
/// <remarks>
/// The triangle is folded to a rectangle of half its width: the lower right corner, turned, fills what is empty above the rest. (As LAPACK packs
/// triangles: F. Gustavson et al., 2010, "Rectangular full packed format for Cholesky's algorithm".)
/// </remarks>
internal readonly struct LowerTiles : ITileOrder
{
    public static bool Mirrors => true;

    public static int Count(int down, int across) => down * (down + 1) / 2;

    public static (int Row, int Column) Locate(int index, int down, int across)
    {
        var width = (down + 1) / 2;
        var shift = 1 - down % 2;
        var (row, column) = TileGrid.LocateInBands(index, down + shift, width);
        return row - shift >= column ? (row - shift, column) : (column + width - 1 + shift, row + width);
    }
}
