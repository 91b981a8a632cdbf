using ILGPU;

namespace GpuOptim.Kernels.Ilgpu.Matrix;

/// <summary>Brings tiles of one operand, 128 rows by some inner indices, to shared memory, tile after tile: four pieces of 16 bytes a thread.</summary>
/// <remarks>What is beyond the operand's rows is some other row: the sums that come of it are not written.</remarks>
/// <typeparam name="TLayout">How the operand lies.</typeparam>
/// <param name="matrix">Address of the operand.</param>
/// <param name="stride">Elements from one of its lines to the next.</param>
/// <param name="row">The first row.</param>
/// <param name="rows">How many rows the operand has.</param>
/// <param name="tile">Where the first stage's tile is in shared memory.</param>
internal struct TileLoader<TLayout>(long matrix, int stride, int row, int rows, int tile) where TLayout : struct, ITileLayout
{
    /// <summary>Bytes in shared memory from one piece of a thread to its next.</summary>
    private static int PieceBytes => TLayout.GroupSize * 16;

    private readonly int _place = TensorCore.Keep(tile + TLayout.Place(TLayout.PieceRow(Group.IdxX), TLayout.PieceDepth(Group.IdxX)));
    private readonly long _offset0 = Offset(0, stride, rows - row), _offset1 = Offset(1, stride, rows - row), _offset2 = Offset(2, stride, rows - row), _offset3 = Offset(3, stride, rows - row);
    private readonly long _step = TensorCore.Keep(TLayout.Offset(0, TLayout.TileDepth, stride) * 2);
    private long _source = matrix + TLayout.Offset(row, 0, stride) * 2;

    /// <summary>Starts to copy the next tile.</summary>
    /// <param name="stage">Bytes in shared memory from the first stage to the tile's.</param>
    public void Load(int stage)
    {
        var place = _place + stage;
        TensorCore.CopyAsync(place, _source + _offset0);
        TensorCore.CopyAsync(place + PieceBytes, _source + _offset1);
        TensorCore.CopyAsync(place + 2 * PieceBytes, _source + _offset2);
        TensorCore.CopyAsync(place + 3 * PieceBytes, _source + _offset3);
        _source += _step;
    }

    /// <summary>Bytes from the source to one of the thread's pieces.</summary>
    private static long Offset(int index, int stride, int rows)
    {
        int piece = Group.IdxX + index * TLayout.GroupSize, pieceRows = TLayout.IsDepthContiguous ? 1 : 8;
        return TensorCore.Keep(TLayout.Offset(IntrinsicMath.Min(TLayout.PieceRow(piece), (rows - 1) / pieceRows * pieceRows), TLayout.PieceDepth(piece), stride) * 2);
    }
}
