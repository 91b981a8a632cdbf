namespace VirtualCard.Ptx;

/// <summary>The bits that an immediate stands for.</summary>
internal static class ImmediateBits
{
    /// <summary>As a number of a type.</summary>
    /// <exception cref="PtxException">It does not fit, or is an integer where the type is a float.</exception>
    public static ulong Of(Immediate immediate, PtxType type)
    {
        var bits = type.Bits();
        switch (immediate.Kind)
        {
            case ImmediateKind.Integer when type is PtxType.F32 or PtxType.F64:
                throw new PtxException($"integer immediate {immediate} for .{type.Name()}");
            case ImmediateKind.Integer:
                return immediate.Bits & Mask(type);
            case ImmediateKind.Bits32 when bits == 32:
            case ImmediateKind.Bits64 when bits == 64:
                return immediate.Bits;
            case ImmediateKind.Bits32 when type == PtxType.F64:
                return BitConverter.DoubleToUInt64Bits(BitConverter.UInt32BitsToSingle((uint)immediate.Bits));
            case ImmediateKind.Bits64 when type == PtxType.F32:
            case ImmediateKind.Decimal when bits == 32:
                return BitConverter.SingleToUInt32Bits((float)BitConverter.UInt64BitsToDouble(immediate.Bits));
            case ImmediateKind.Decimal when bits == 64:
                return immediate.Bits;
            default:
                throw new PtxException($"immediate {immediate} does not fit type .{type.Name()}");
        }
    }

    /// <summary>As an operand of a type, where the instruction may name another one for its immediates: floats may stand for untyped bits.</summary>
    public static ulong OfOperand(Immediate immediate, PtxType operandType, PtxType? immediateType = null)
    {
        if (operandType == PtxType.Pred)
            return immediate.Kind == ImmediateKind.Decimal ? BitConverter.UInt64BitsToDouble(immediate.Bits) != 0 ? 1ul : 0 : immediate.Bits != 0 ? 1ul : 0;
        var type = (immediateType ?? operandType) switch
        {
            PtxType.B32 when immediate.Kind is ImmediateKind.Bits32 or ImmediateKind.Decimal => PtxType.F32,
            PtxType.B64 when immediate.Kind is ImmediateKind.Bits64 or ImmediateKind.Decimal => PtxType.F64,
            PtxType.F16 or PtxType.BF16 => PtxType.B16,
            PtxType.F16x2 or PtxType.BF16x2 or PtxType.TF32 => PtxType.B32,
            var other => other,
        };
        return Of(immediate, type) & Mask(operandType);
    }

    private static ulong Mask(PtxType type) => type.Bits() >= 64 ? ulong.MaxValue : (1ul << type.Bits()) - 1;
}
