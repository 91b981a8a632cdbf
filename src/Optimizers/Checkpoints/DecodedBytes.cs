using GpuOptim.Kernels.Encodings;

namespace GpuOptim.Optimizers.Checkpoints;

/// <summary>Encoded numbers as the floats that they stand for.</summary>
/// <param name="numbers">The numbers.</param>
/// <param name="companion">What belongs to them: scales, or what a parameter's rounding keeps.</param>
/// <param name="codec">What decodes them.</param>
internal sealed class DecodedBytes(TensorBytes numbers, TensorBytes companion, Codec codec) : TensorBytes
{
    public override long Length => numbers.Length / codec.NumberSize * sizeof(float);

    public override void Read(long offset, Span<byte> destination)
    {
        var (total, end) = (numbers.Length / codec.NumberSize, (offset + destination.Length) / sizeof(float));
        using var room = new CodecRoom(codec);
        for (var start = offset / sizeof(float) / EncodedStretch.BlockLength * EncodedStretch.BlockLength; start < end; start += CodecRoom.Length)
        {
            var count = CodecRoom.Count(start, end, total);
            numbers.Read(start * codec.NumberSize, room.Numbers(count));
            companion.Read(start / codec.CompanionEvery * codec.CompanionSize, room.Companion(count));
            room.Decode(count);
            CodecRoom.Copy(room.Floats(count), start * sizeof(float), offset, destination);
        }
    }
}
