using GpuOptim.Kernels.Encodings;

namespace GpuOptim.Optimizers.Checkpoints;

/// <summary>Floats as they are encoded, rounded to the nearest: the numbers, or what belongs to them. Who needs both has the floats encoded twice.</summary>
/// <param name="floats">The floats.</param>
/// <param name="codec">What encodes them.</param>
/// <param name="isCompanion">Whether these are scales, or what a parameter's rounding keeps.</param>
internal sealed class EncodedBytes(TensorBytes floats, Codec codec, bool isCompanion) : TensorBytes
{
    private readonly int _size = isCompanion ? codec.CompanionSize : codec.NumberSize;
    private readonly int _every = isCompanion ? codec.CompanionEvery : 1;

    public override long Length => CodecRoom.Items(floats.Length / sizeof(float), _every) * _size;

    public override void Read(long offset, Span<byte> destination)
    {
        var total = floats.Length / sizeof(float);
        var end = Math.Min(total, (offset + destination.Length) / _size * _every);
        using var room = new CodecRoom(codec);
        for (var start = offset / _size * _every / EncodedStretch.BlockLength * EncodedStretch.BlockLength; start < end; start += CodecRoom.Length)
        {
            var count = CodecRoom.Count(start, end, total);
            floats.Read(start * sizeof(float), room.Floats(count));
            room.Encode(count);
            CodecRoom.Copy(isCompanion ? room.Companion(count) : room.Numbers(count), start / _every * _size, offset, destination);
        }
    }
}
