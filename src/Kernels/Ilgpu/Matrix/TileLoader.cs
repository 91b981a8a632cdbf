using ILGPU;

namespace GpuOptim.Kernels.Ilgpu.Matrix;

/// <summary>Brings tiles of one operand, 128 rows by 32 inner indices, to shared memory: two pieces of 16 bytes a thread. Beyond the operand there are zeros.</summary>
/// <typeparam name="TLayout">How the operand lies.</typeparam>
internal struct TileLoader<TLayout> where TLayout : struct, ITileLayout
{
    /// <summary>Bytes of a tile in shared memory.</summary>
    public const int Size = TensorProduct.TileRows * TensorProduct.TileDepth * 2;

    private readonly long _source;
    private readonly int _stride;
    private readonly int _rows;
    private readonly int _depth;
    private readonly bool _isAligned;

    /// <summary>For the tiles of 128 rows.</summary>
    /// <param name="matrix">Address of the operand.</param>
    /// <param name="stride">Elements from one of its lines to the next.</param>
    /// <param name="row">The first row.</param>
    /// <param name="rows">How many rows the operand has.</param>
    /// <param name="depth">How many inner indices it has.</param>
    public TileLoader(long matrix, int stride, int row, int rows, int depth)
    {
        _source = matrix + TLayout.Offset(row, 0, stride) * 2;
        _stride = stride;
        _rows = rows - row;
        _depth = depth;
        _isAligned = (matrix | ((long)stride * 2)) % 16 == 0;
    }

    /// <summary>Starts to copy a tile, or copies it where lines do not begin on multiples of 16 bytes.</summary>
    /// <param name="depth">The tile's first inner index.</param>
    /// <param name="tile">Where it goes in shared memory.</param>
    public readonly void Load(int depth, int tile)
    {
        Load(Group.IdxX, depth, tile);
        Load(Group.IdxX + TensorProduct.GroupSize, depth, tile);
    }

    private readonly void Load(int piece, int depth, int tile)
    {
        int row = TLayout.PieceRow(piece), inner = TLayout.PieceDepth(piece);
        var source = _source + TLayout.Offset(row, depth + inner, _stride) * 2;
        var place = tile + TLayout.Place(row, inner);
        var length = TLayout.PieceLength(_rows - row, _depth - depth - inner);
        TilePiece.Load(source, length, _isAligned, place);
    }
}
