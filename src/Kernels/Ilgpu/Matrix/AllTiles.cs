namespace GpuOptim.Kernels.Ilgpu.Matrix;

/// <summary>Every tile.</summary>
internal readonly struct AllTiles : ITileOrder
{
    public static bool Mirrors => false;

    public static int Count(int down, int across) => down * across;

    public static (int Row, int Column) Locate(int index, int down, int across) => TileGrid.LocateInBands(index, down, across);
}
