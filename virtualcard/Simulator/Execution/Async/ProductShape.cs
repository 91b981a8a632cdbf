using VirtualCard.Ptx;

namespace VirtualCard.Execution.Async;

/// <summary>A product of 64 x depth with depth x columns numbers.</summary>
internal readonly record struct ProductShape(int Columns, int Depth, PtxType Type)
{
    public const int Rows = 64, RowsOfWarp = 16, Warps = 4, MaxColumns = 256, MaxDepth = 16;
}
