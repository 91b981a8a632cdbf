using GpuOptim.Optimizers.Checkpoints;

namespace GpuOptim.Distributed.Sharding;

/// <summary>What this rank has of a tensor; the rest is elsewhere.</summary>
/// <param name="bytes">The bytes of a piece.</param>
/// <param name="pieces">This rank's pieces.</param>
/// <param name="elementsEach">How many elements share one number.</param>
internal sealed class OwnBytes(Func<Piece, TensorBytes> bytes, IEnumerable<Piece> pieces, int elementsEach = 1) : TensorBytes
{
    /// <summary>Each piece: where it begins, where it ends, and its bytes.</summary>
    public IReadOnlyList<(long Start, long End, TensorBytes Bytes)> Pieces { get; } =
    [
        .. pieces.Select(piece => (piece.Shared(elementsEach), bytes(piece))).Select(each => (each.Item1.Start, each.Item1.Start + each.Item1.Length, each.Item2)),
    ];

    public override long Length => Pieces.Sum(piece => piece.Bytes.Length);

    public override void Read(long offset, Span<byte> destination) => throw new NotSupportedException("Only pieces are here.");
}
