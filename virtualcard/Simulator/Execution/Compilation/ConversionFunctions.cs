using VirtualCard.Ptx;

namespace VirtualCard.Execution.Compilation;

/// <summary>Conversions of one number, from the bits of a type, extended to 64, to the bits of another.</summary>
internal static class ConversionFunctions
{
    public static Func<ulong, ulong> Of(Instruction instruction, PtxType to, PtxType from, Rounding? rounding, Rounding? integral)
    {
        if (from.IsInteger())
            return to.IsInteger() ? Integers(instruction, to, from) : FromInteger(instruction, to, from, rounding ?? Rounding.Nearest);
        var flushesSource = instruction.Has("ftz") && from == PtxType.F32;
        double Decode(ulong bits) => from switch
        {
            PtxType.F16 => Floats.HalfToFloat((ushort)bits),
            PtxType.BF16 => Floats.BFloat16ToFloat((ushort)bits),
            PtxType.F32 when flushesSource => Floats.Flush(BitConverter.UInt32BitsToSingle((uint)bits)),
            PtxType.F32 => BitConverter.UInt32BitsToSingle((uint)bits),
            _ => BitConverter.UInt64BitsToDouble(bits),
        };
        if (to.IsInteger())
        {
            if (integral is not { } toInteger)
                throw new PtxException($"line {instruction.Line}: float-to-integer cvt needs an integer rounding: {instruction.Text}");
            var isNaNZero = from != PtxType.F64 && to is not (PtxType.S64 or PtxType.U64);
            return bits => (ulong)Floats.ToInteger(Decode(bits), to, toInteger, isNaNZero);
        }
        var isNarrowing = to.Size() < from.Size() || (to != from && to.Size() == from.Size());
        if (isNarrowing && rounding is null && integral is null)
            throw new PtxException($"line {instruction.Line}: cvt needs a rounding modifier: {instruction.Text}");
        var mode = rounding ?? Rounding.Nearest;
        var (saturates, keepsPositive, flushes) = (instruction.Has("sat"), instruction.Has("relu"), instruction.Has("ftz"));
        if (to == from && integral is null && !saturates && !flushes)
            return bits => bits;
        return bits =>
        {
            var value = Decode(bits);
            if (integral is { } whole)
                value = Floats.RoundIntegral(value, whole);
            if (keepsPositive && !double.IsNaN(value))
                value = Math.Max(value, 0);
            if (saturates)
                value = Floats.Saturate(value);
            return to switch
            {
                PtxType.F64 => BitConverter.DoubleToUInt64Bits(value),
                PtxType.F32 => BitConverter.SingleToUInt32Bits(flushes ? Floats.Flush(Floats.RoundToFloat(value, mode)) : Floats.RoundToFloat(value, mode)),
                _ => HalfArithmetic.Encode(value, to, mode),
            };
        };
    }

    private static Func<ulong, ulong> Integers(Instruction instruction, PtxType to, PtxType from)
    {
        if (!instruction.Has("sat"))
            return bits => bits;
        var (least, most) = Range(to);
        return from.IsSigned()
            ? bits => (ulong)(long)Int128.Clamp((long)bits, least, most)
            : bits => (ulong)Int128.Clamp(bits, least, most);
    }

    private static (Int128 Least, Int128 Most) Range(PtxType type) => type.IsSigned()
        ? (-(Int128.One << type.Bits() - 1), (Int128.One << type.Bits() - 1) - 1)
        : (0, (Int128.One << type.Bits()) - 1);

    private static Func<ulong, ulong> FromInteger(Instruction instruction, PtxType to, PtxType from, Rounding rounding)
    {
        var saturates = instruction.Has("sat");
        var isSigned = from.IsSigned();
        switch (to)
        {
            case PtxType.F32:
                return bits =>
                {
                    var value = isSigned ? Floats.FromInteger((long)bits, rounding) : Floats.FromUnsigned(bits, rounding);
                    return BitConverter.SingleToUInt32Bits(saturates ? Floats.Saturate(value) : value);
                };
            case PtxType.F64:
                if (rounding != Rounding.Nearest && from.Size() == 8)
                    throw StepCompiler.Unsupported(instruction);
                return bits =>
                {
                    var value = isSigned ? (double)(long)bits : bits;
                    return BitConverter.DoubleToUInt64Bits(saturates ? Floats.Saturate(value) : value);
                };
            default:
                return bits => HalfArithmetic.Encode(isSigned ? Floats.IntegerToDouble((long)bits) : Floats.UnsignedToDouble(bits), to, rounding);
        }
    }
}
