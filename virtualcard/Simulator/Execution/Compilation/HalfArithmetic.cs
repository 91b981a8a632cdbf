using VirtualCard.Ptx;

namespace VirtualCard.Execution.Compilation;

/// <summary>Arithmetic of 16-bit floats: in double, rounded to odd where that is not exact, then once to the type.</summary>
internal static class HalfArithmetic
{
    public static bool IsHalf(PtxType type) => type is PtxType.F16 or PtxType.BF16 or PtxType.F16x2 or PtxType.BF16x2;

    public static bool IsPair(PtxType type) => type is PtxType.F16x2 or PtxType.BF16x2;

    public static PtxType PartOf(PtxType type) => type switch
    {
        PtxType.F16x2 => PtxType.F16,
        PtxType.BF16x2 => PtxType.BF16,
        _ => type,
    };

    public static double Decode(ushort bits, PtxType type) => type == PtxType.F16 ? Floats.HalfToFloat(bits) : Floats.BFloat16ToFloat(bits);

    public static ushort Encode(double value, PtxType type, Rounding rounding = Rounding.Nearest) =>
        type == PtxType.F16 ? Floats.ToHalf(value, rounding) : Floats.ToBFloat16(value, rounding);

    /// <summary>A function of doubles, for one number or for both of a pair.</summary>
    public static Func<uint, uint> Lift(Func<double, double> function, PtxType type)
    {
        var part = PartOf(type);
        uint One(uint a) => Encode(function(Decode((ushort)a, part)), part);
        return IsPair(type) ? a => One(a) | (One(a >> 16) << 16) : One;
    }

    public static Func<uint, uint, uint> Lift(Func<double, double, double> function, PtxType type)
    {
        var part = PartOf(type);
        uint One(uint a, uint b) => Encode(function(Decode((ushort)a, part), Decode((ushort)b, part)), part);
        return IsPair(type) ? (a, b) => One(a, b) | (One(a >> 16, b >> 16) << 16) : One;
    }

    public static Func<uint, uint, uint, uint> Lift(Func<double, double, double, double> function, PtxType type)
    {
        var part = PartOf(type);
        uint One(uint a, uint b, uint c) => Encode(function(Decode((ushort)a, part), Decode((ushort)b, part), Decode((ushort)c, part)), part);
        return IsPair(type) ? (a, b, c) => One(a, b, c) | (One(a >> 16, b >> 16, c >> 16) << 16) : One;
    }
}
