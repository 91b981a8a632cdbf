namespace VirtualCard.Execution;

/// <content>The short formats: f16, bf16, tf32.</content>
internal static partial class Floats
{
    private const ushort CanonicalShortNaN = 0x7FFF;

    public static float HalfToFloat(ushort bits) => (float)BitConverter.UInt16BitsToHalf(bits);

    public static float BFloat16ToFloat(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    /// <summary>The bits of an f16; a NaN becomes the canonical one.</summary>
    public static ushort ToHalf(float x, Rounding rounding)
    {
        if (rounding != Rounding.Nearest)
            return ToHalf((double)x, rounding);
        return float.IsNaN(x) ? CanonicalShortNaN : BitConverter.HalfToUInt16Bits((Half)x);
    }

    public static ushort ToHalf(double x, Rounding rounding) => Encode(x, fractionBits: 10, leastExponent: -14, rounding);

    /// <summary>The bits of a bf16; a NaN becomes the canonical one.</summary>
    public static ushort ToBFloat16(float x, Rounding rounding)
    {
        if (float.IsNaN(x))
            return CanonicalShortNaN;
        var bits = BitConverter.SingleToUInt32Bits(x);
        return (ushort)(rounding switch
        {
            Rounding.Nearest => (bits + 0x7FFF + (bits >> 16 & 1)) >> 16,
            Rounding.Down => (bits + (float.IsNegative(x) ? 0xFFFFu : 0)) >> 16,
            Rounding.Up => (bits + (float.IsNegative(x) ? 0 : 0xFFFFu)) >> 16,
            _ => bits >> 16,
        });
    }

    public static ushort ToBFloat16(double x, Rounding rounding) => Encode(x, fractionBits: 7, leastExponent: -126, rounding);

    /// <summary>The bits of a tf32 in a register: the low 13 are zero; a NaN becomes the canonical one. To nearest or towards zero.</summary>
    public static uint ToTf32(float x, Rounding rounding)
    {
        var bits = BitConverter.SingleToUInt32Bits(x);
        return ToTf32(x, rounding == Rounding.Nearest ? bits + 0xFFF + (bits >> 13 & 1) : bits);
    }

    /// <summary>The bits of a tf32, to nearest with ties away from zero: .rna.</summary>
    public static uint ToTf32Away(float x) => ToTf32(x, BitConverter.SingleToUInt32Bits(x) + 0x1000);

    private static uint ToTf32(float x, uint rounded) =>
        float.IsNaN(x) ? CanonicalNaN : float.IsInfinity(x) ? BitConverter.SingleToUInt32Bits(x) : rounded & 0xFFFFE000;

    /// <summary>A double as a sign, an exponent that starts at <paramref name="leastExponent"/> and a fraction, in 16 bits.</summary>
    private static ushort Encode(double x, int fractionBits, int leastExponent, Rounding rounding)
    {
        if (double.IsNaN(x))
            return CanonicalShortNaN;
        var bits = BitConverter.DoubleToUInt64Bits(x);
        var isNegative = double.IsNegative(x);
        var sign = isNegative ? 0x8000u : 0;
        var infinity = 0x7FFFu >> fractionBits << fractionBits;
        if (double.IsInfinity(x))
            return (ushort)(sign | infinity);
        var exponent = (int)(bits >> 52 & 0x7FF) - 1023;
        var significand = bits & (1ul << 52) - 1;
        if (exponent == -1023)
            exponent++;
        else
            significand |= 1ul << 52;
        // Of a number that is too small all bits go; 54 are more than it has.
        var drop = Math.Min(52 - fractionBits + Math.Max(0, leastExponent - exponent), 54);
        var kept = (uint)(significand >> drop);
        var rest = significand & (1ul << drop) - 1;
        var half = 1ul << (drop - 1);
        var isUp = rounding switch
        {
            Rounding.Nearest => rest > half || rest == half && (kept & 1) != 0,
            Rounding.Down => isNegative && rest != 0,
            Rounding.Up => !isNegative && rest != 0,
            _ => false,
        };
        // A carry moves on into the exponent, as it should.
        var magnitude = kept + (isUp ? 1u : 0) + (uint)(Math.Max(0, exponent - leastExponent) << fractionBits);
        if (magnitude >= infinity)
        {
            var isInfinite = rounding == Rounding.Nearest || rounding == (isNegative ? Rounding.Down : Rounding.Up);
            magnitude = isInfinite ? infinity : infinity - 1;
        }
        return (ushort)(sign | magnitude);
    }
}
