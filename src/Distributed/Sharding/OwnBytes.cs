using GpuOptim.Optimizers.Checkpoints;

namespace GpuOptim.Distributed.Sharding;

/// <summary>What this rank has of a tensor; the rest is elsewhere.</summary>
internal sealed class OwnBytes : TensorBytes
{
    /// <summary>Pieces of a tensor.</summary>
    /// <param name="bytes">The bytes of a piece.</param>
    /// <param name="pieces">This rank's pieces.</param>
    /// <param name="elementsEach">How many elements share one number.</param>
    public OwnBytes(Func<Piece, TensorBytes> bytes, IEnumerable<Piece> pieces, int elementsEach = 1) =>
        Pieces = [.. pieces.Select(piece => (piece.Shared(elementsEach), bytes(piece))).Select(each => (each.Item1.Start, each.Item1.Start + each.Item1.Length, each.Item2))];

    /// <summary>A number.</summary>
    /// <param name="bytes">Its bytes.</param>
    /// <param name="isOwn">Whether it counts as this rank's.</param>
    public OwnBytes(TensorBytes bytes, bool isOwn) => Pieces = isOwn ? [(0, 1, bytes)] : [];

    /// <summary>Each piece: where it begins, where it ends, and its bytes.</summary>
    public IReadOnlyList<(long Start, long End, TensorBytes Bytes)> Pieces { get; }

    public override long Length => Pieces.Sum(piece => piece.Bytes.Length);

    public override void Read(long offset, Span<byte> destination) => throw new NotSupportedException("Only pieces are here.");
}
