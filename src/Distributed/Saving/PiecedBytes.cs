using GpuOptim.Optimizers.Checkpoints;

namespace GpuOptim.Distributed.Saving;

/// <summary>The bytes of several, one behind the other.</summary>
internal sealed class PiecedBytes : TensorBytes
{
    private readonly TensorBytes[] _pieces;
    private readonly long[] _ends;

    /// <param name="pieces">They, in order.</param>
    public PiecedBytes(TensorBytes[] pieces)
    {
        _pieces = pieces;
        _ends = new long[pieces.Length];
        for (var i = 0; i < pieces.Length; i++)
            _ends[i] = Length += pieces[i].Length;
    }

    public override long Length { get; }

    public override void Read(long offset, Span<byte> destination)
    {
        var piece = Array.BinarySearch(_ends, offset);
        // Where one ends, the next begins; of an empty one nothing is read.
        for (piece = piece < 0 ? ~piece : piece + 1; destination.Length > 0; piece++)
        {
            var start = _ends[piece] - _pieces[piece].Length;
            var part = destination[..(int)Math.Min(destination.Length, _ends[piece] - offset)];
            _pieces[piece].Read(offset - start, part);
            offset += part.Length;
            destination = destination[part.Length..];
        }
    }
}
