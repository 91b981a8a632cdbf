using GpuOptim.Host;
using GpuOptim.Kernels.Encodings;

namespace GpuOptim.Tests.Kernels.Encodings;

/// <summary>Every float comes back, and its upper tensor is the nearest bfloat16.</summary>
public sealed class RemainderBFloat16Tests
{
    /// <summary>Every upper half, each with lower halves around where rounding changes and with others, no two floats with the same.</summary>
    [Test]
    public void FloatsComeBack()
    {
        const int Length = 1 << 16;
        var values = new float[Length];
        for (var round = 0u; round < 24; round++)
        {
            for (var upper = 0u; upper < Length; upper++)
            {
                var lower = round switch { 0 => 0u, 1 => 0x7FFFu, 2 => 0x8000u, 3 => 0x8001u, 4 => 0xFFFFu, 5 => 1u, _ => (upper * 40503u + round * 2741u) & 0xFFFF };
                values[upper] = BitConverter.UInt32BitsToSingle((upper << 16) | lower);
            }
            var bits = SimdDevice.VectorWidths[(int)round % SimdDevice.VectorWidths.Count];
            var encoded = Stretches.Encode<RemainderBFloat16>(values, default, bits);
            var decoded = Stretches.Decode<RemainderBFloat16>(encoded, bits);
            for (var i = 0; i < Length; i++)
            {
                var (before, after) = (BitConverter.SingleToUInt32Bits(values[i]), BitConverter.SingleToUInt32Bits(decoded[i]));
                if (after != (float.IsNaN(values[i]) ? 0x7FC0_0000 : before))
                    Assert.Fail($"0x{before:x8} came back as 0x{after:x8}");
                if (!float.IsNaN(values[i]) && encoded.Numbers[i] != Nearest(values[i]))
                    Assert.Fail($"0x{before:x8} was rounded to 0x{encoded.Numbers[i]:x4}");
            }
        }
    }

    /// <summary>The nearest in double precision, of two neighbors the one farther from zero; beyond the largest comes 2^128, which is infinity.</summary>
    private static ushort Nearest(float value)
    {
        if (float.IsInfinity(value))
            return (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16);
        var magnitude = BitConverter.SingleToUInt32Bits(Math.Abs(value)) >> 16;
        var sign = BitConverter.SingleToUInt32Bits(value) >> 16 & 0x8000;
        double below = Double(magnitude), above = Double(magnitude + 1), size = Math.Abs((double)value);
        return (ushort)(sign | (size - below < above - size ? magnitude : magnitude + 1));

        static double Double(uint bits) => bits == 0x7F80 ? Math.ScaleB(1, 128) : new BFloat16((ushort)bits);
    }
}
