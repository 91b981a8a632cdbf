using System.Numerics;

namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>A format of floating-point numbers, none wider than double.</summary>
/// <param name="Name">Its type in PTX.</param>
/// <param name="Precision">Bits of the significand, the hidden one among them.</param>
/// <param name="MinExponent">The exponent of the least normal number.</param>
internal sealed record FloatFormat(string Name, int Precision, int MinExponent)
{
    public static readonly FloatFormat Double = new("f64", 53, -1022), Single = new("f32", 24, -126), Half = new("f16", 11, -14), BFloat16 = new("bf16", 8, -126);

    /// <summary>The largest number.</summary>
    public Rational Max => new Rational((BigInteger.One << Precision) - 1, 1).Scale(1 - MinExponent - Precision + 1);

    /// <summary>The suffix of a rounding in PTX.</summary>
    public static string Suffix(Rounding rounding) => rounding switch { Rounding.Nearest => "rn", Rounding.TowardZero => "rz", Rounding.Down => "rm", _ => "rp" };

    /// <summary>The exact number, rounded once; zero is the positive one.</summary>
    public double Round(Rational exact, Rounding rounding)
    {
        if (exact.Sign == 0)
            return 0;
        var magnitude = exact.Abs();
        var exponent = (int)(magnitude.Numerator.GetBitLength() - magnitude.Denominator.GetBitLength());
        if (new Rational(BigInteger.One, 1).Scale(exponent) > magnitude)
            exponent--;
        var unit = Math.Max(exponent, MinExponent) - Precision + 1;
        var scaled = magnitude.Scale(-unit);
        var whole = BigInteger.DivRem(scaled.Numerator, scaled.Denominator, out var rest);
        var twice = (rest * 2).CompareTo(scaled.Denominator);
        var isAway = rounding switch
        {
            Rounding.Nearest => twice > 0 || (twice == 0 && !whole.IsEven),
            Rounding.TowardZero => false,
            Rounding.Down => exact.Sign < 0,
            _ => exact.Sign > 0,
        };
        if (isAway && !rest.IsZero)
            whole++;
        if (new Rational(whole, 1).Scale(unit) > Max)
        {
            var isInfinite = rounding == Rounding.Nearest || isAway;
            return exact.Sign * (isInfinite ? double.PositiveInfinity : (double)Max.Numerator);
        }
        return exact.Sign * Math.ScaleB((double)whole, unit);
    }

    /// <summary>The value of a half or a bfloat16 with these bits.</summary>
    public double Value(ushort bits) => this == Half ? (double)BitConverter.UInt16BitsToHalf(bits) : BitConverter.UInt32BitsToSingle((uint)bits << 16);

    /// <summary>The bits of a half or a bfloat16, rounded to nearest.</summary>
    public ushort Bits(double value)
    {
        if (this == Half)
            return BitConverter.HalfToUInt16Bits((System.Half)value);
        if (!double.IsFinite(value))
            return (ushort)(BitConverter.SingleToUInt32Bits((float)value) >> 16);
        var rounded = (float)Round(Rational.Of(value), Rounding.Nearest);
        return (ushort)(BitConverter.SingleToUInt32Bits(MathF.CopySign(rounded, (float)value)) >> 16);
    }

    /// <summary>Finite numbers of many magnitudes, whose products stay finite more often than not.</summary>
    public ushort[] Draw(RandomNumbers random, int count = 512)
    {
        var range = this == Half ? 10 : 60;
        return RandomNumbers.Draw(count, () => Bits(Math.ScaleB(random.Normal(), random.Next(-range, range / 2))));
    }

    public override string ToString() => Name;
}
