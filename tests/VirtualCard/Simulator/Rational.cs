using System.Numerics;

namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>An exact number.</summary>
/// <param name="Numerator">Any integer.</param>
/// <param name="Denominator">A positive integer.</param>
internal readonly record struct Rational(BigInteger Numerator, BigInteger Denominator) : IComparable<Rational>
{
    /// <summary>What a finite float, half or double is.</summary>
    public static Rational Of(double value)
    {
        Assert.That(double.IsFinite(value));
        var bits = BitConverter.DoubleToInt64Bits(value);
        var exponent = (int)(bits >> 52 & 0x7FF);
        var mantissa = bits & 0xF_FFFF_FFFF_FFFF | (exponent == 0 ? 0 : 1L << 52);
        var power = Math.Max(exponent, 1) - 1075;
        BigInteger signed = bits < 0 ? -mantissa : mantissa;
        return power < 0 ? new(signed, BigInteger.One << -power) : new(signed << power, 1);
    }

    public int Sign => Numerator.Sign;

    public static implicit operator Rational(BigInteger value) => new(value, 1);

    public static Rational operator -(Rational value) => new(-value.Numerator, value.Denominator);

    public static Rational operator +(Rational a, Rational b) => new(a.Numerator * b.Denominator + b.Numerator * a.Denominator, a.Denominator * b.Denominator);

    public static Rational operator -(Rational a, Rational b) => a + -b;

    public static Rational operator *(Rational a, Rational b) => new(a.Numerator * b.Numerator, a.Denominator * b.Denominator);

    public static Rational operator /(Rational a, Rational b) =>
        b.Sign > 0 ? new(a.Numerator * b.Denominator, a.Denominator * b.Numerator) : new(-a.Numerator * b.Denominator, a.Denominator * -b.Numerator);

    public static bool operator <(Rational a, Rational b) => a.CompareTo(b) < 0;

    public static bool operator >(Rational a, Rational b) => a.CompareTo(b) > 0;

    public static bool operator <=(Rational a, Rational b) => a.CompareTo(b) <= 0;

    public static bool operator >=(Rational a, Rational b) => a.CompareTo(b) >= 0;

    public int CompareTo(Rational other) => (Numerator * other.Denominator).CompareTo(other.Numerator * Denominator);

    public Rational Abs() => new(BigInteger.Abs(Numerator), Denominator);

    /// <summary>value * 2^power.</summary>
    public Rational Scale(int power) => power < 0 ? new(Numerator, Denominator << -power) : new(Numerator << power, Denominator);
}
