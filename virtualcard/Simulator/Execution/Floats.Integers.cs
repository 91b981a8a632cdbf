using System.Numerics;
using VirtualCard.Ptx;

namespace VirtualCard.Execution;

/// <content>Between floats and integers.</content>
internal static partial class Floats
{
    /// <summary>The integer beside a number, as a number.</summary>
    public static double RoundIntegral(double x, Rounding rounding) => rounding switch
    {
        Rounding.Nearest => Math.Round(x, MidpointRounding.ToEven),
        Rounding.Zero => Math.Truncate(x),
        Rounding.Down => Math.Floor(x),
        _ => Math.Ceiling(x),
    };

    /// <summary>An integer of a type, clamped to its range; one of 64 unsigned bits as those bits.</summary>
    /// <param name="isNaNZero">Whether a NaN becomes 0, else the highest bit alone: so for f64, and for integers of 64 bits.</param>
    public static long ToInteger(double x, PtxType type, Rounding rounding, bool isNaNZero)
    {
        var bits = type.Bits();
        var isSigned = type.IsSigned();
        if (double.IsNaN(x))
            return isNaNZero ? 0 : isSigned ? -1L << (bits - 1) : 1L << (bits - 1);
        x = RoundIntegral(x, rounding);
        if (isSigned)
        {
            var bound = (double)(1ul << (bits - 1));
            return x >= bound ? long.MaxValue >> (64 - bits) : x <= -bound ? long.MinValue >> (64 - bits) : (long)x;
        }
        if (x <= 0)
            return 0;
        return x >= (bits == 64 ? 18446744073709551616d : 1ul << bits) ? (long)(ulong.MaxValue >> (64 - bits)) : (long)(ulong)x;
    }

    public static float FromInteger(long value, Rounding rounding) =>
        rounding == Rounding.Nearest ? value : RoundToFloat(IntegerToDouble(value), rounding);

    public static float FromUnsigned(ulong value, Rounding rounding) => RoundToFloat(UnsignedToDouble(value), rounding);

    /// <summary>An integer as a double, rounded to odd.</summary>
    public static double IntegerToDouble(long value) =>
        value < 0 ? -UnsignedToDouble(0 - (ulong)value) : UnsignedToDouble((ulong)value);

    public static double UnsignedToDouble(ulong value)
    {
        var drop = 11 - BitOperations.LeadingZeroCount(value);
        if (drop <= 0)
            return (long)value;
        var kept = value >> drop;
        if (kept << drop != value)
            kept |= 1;
        return (double)(long)kept * (1ul << drop);
    }
}
