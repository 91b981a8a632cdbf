namespace VirtualCard.Execution;

/// <summary>
/// Arithmetic in all rounding modes. What the host rounds to nearest only is computed in double and rounded to odd: a value rounded
/// to odd can be rounded a second time, to at most 51 bits, as if it were exact (Boldo and Melquiond, 2008).
/// </summary>
internal static partial class Floats
{
    /// <summary>The NaN that arithmetic of float gives.</summary>
    private const uint CanonicalNaN = 0x7FFFFFFF;

    /// <summary>A double as a float.</summary>
    public static float RoundToFloat(double x, Rounding rounding)
    {
        var r = (float)x;
        return rounding switch
        {
            Rounding.Zero when Math.Abs((double)r) > Math.Abs(x) => BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(r) - 1),
            Rounding.Down when r > x => MathF.BitDecrement(r),
            Rounding.Up when r < x => MathF.BitIncrement(r),
            _ => r,
        };
    }

    public static float Add(float a, float b, Rounding rounding)
    {
        if (rounding == Rounding.Nearest)
            return a + b;
        return RoundSum(AddOdd(a, b), a, b, rounding);
    }

    public static float Subtract(float a, float b, Rounding rounding) => rounding == Rounding.Nearest ? a - b : Add(a, -b, rounding);

    public static float Multiply(float a, float b, Rounding rounding) => rounding == Rounding.Nearest ? a * b : RoundToFloat((double)a * b, rounding);

    public static float Divide(float a, float b, Rounding rounding)
    {
        if (rounding == Rounding.Nearest)
            return a / b;
        var q = (double)a / b;
        var rest = Math.FusedMultiplyAdd(-q, b, a);
        return RoundToFloat(ToOdd(q, b < 0 ? -rest : rest), rounding);
    }

    public static float SquareRoot(float x, Rounding rounding)
    {
        if (rounding == Rounding.Nearest)
            return MathF.Sqrt(x);
        var root = Math.Sqrt(x);
        return RoundToFloat(ToOdd(root, Math.FusedMultiplyAdd(-root, root, x)), rounding);
    }

    public static float MultiplyAdd(float a, float b, float c, Rounding rounding)
    {
        if (rounding == Rounding.Nearest)
            return MathF.FusedMultiplyAdd(a, b, c);
        var product = (double)a * b;
        return RoundSum(AddOdd(product, c), product, c, rounding);
    }

    /// <summary>a + b, rounded to odd.</summary>
    public static double AddOdd(double a, double b)
    {
        var sum = a + b;
        var part = sum - a;
        return ToOdd(sum, (a - (sum - part)) + (b - part));
    }

    /// <summary>a b + c, rounded to odd; the factors have at most 26 bits.</summary>
    public static double MultiplyAddOdd(double a, double b, double c) => AddOdd(a * b, c);

    /// <summary>Zero of the same sign in place of a subnormal.</summary>
    public static float Flush(float x)
    {
        var bits = BitConverter.SingleToUInt32Bits(x);
        return (bits & 0x7F800000) == 0 ? BitConverter.UInt32BitsToSingle(bits & 0x80000000) : x;
    }

    /// <summary>Clamped to [0, 1]; a NaN becomes +0.</summary>
    public static float Saturate(float x) => x > 0 ? x < 1 ? x : 1 : 0;

    public static double Saturate(double x) => x > 0 ? x < 1 ? x : 1 : 0;

    /// <summary>The lesser; of a number and a NaN the number, unless a NaN is to win. -0 is below +0.</summary>
    public static float Min(float a, float b, bool keepsNaN = false)
    {
        if (float.IsNaN(a) || float.IsNaN(b))
            return NumberOf(a, b, keepsNaN);
        return MathF.Min(a, b);
    }

    /// <summary>The greater; of a number and a NaN the number, unless a NaN is to win. -0 is below +0.</summary>
    public static float Max(float a, float b, bool keepsNaN = false)
    {
        if (float.IsNaN(a) || float.IsNaN(b))
            return NumberOf(a, b, keepsNaN);
        return MathF.Max(a, b);
    }

    public static double Min(double a, double b, bool keepsNaN = false)
    {
        if (double.IsNaN(a) || double.IsNaN(b))
            return NumberOf(a, b, keepsNaN);
        return Math.Min(a, b);
    }

    public static double Max(double a, double b, bool keepsNaN = false)
    {
        if (double.IsNaN(a) || double.IsNaN(b))
            return NumberOf(a, b, keepsNaN);
        return Math.Max(a, b);
    }

    private static float NumberOf(float a, float b, bool keepsNaN) =>
        keepsNaN || float.IsNaN(a) && float.IsNaN(b) ? BitConverter.UInt32BitsToSingle(CanonicalNaN) : float.IsNaN(a) ? b : a;

    private static double NumberOf(double a, double b, bool keepsNaN) =>
        keepsNaN || double.IsNaN(a) && double.IsNaN(b) ? BitConverter.UInt64BitsToDouble(long.MaxValue) : double.IsNaN(a) ? b : a;

    /// <summary>Of a value rounded to nearest and what it lacks, the value rounded to odd.</summary>
    private static double ToOdd(double rounded, double rest)
    {
        var bits = BitConverter.DoubleToInt64Bits(rounded);
        if (rest == 0 || (bits & 1) != 0 || !double.IsFinite(rest))
            return rounded;
        return BitConverter.Int64BitsToDouble(rest > 0 == rounded > 0 ? bits + 1 : bits - 1);
    }

    /// <summary>A sum that cancels is -0 where all is rounded down.</summary>
    private static float RoundSum(double sum, double a, double b, Rounding rounding) =>
        sum == 0 && rounding == Rounding.Down && (double.IsNegative(a) || double.IsNegative(b)) ? -0f : RoundToFloat(sum, rounding);
}
