using VirtualCard.Execution.Steps;
using VirtualCard.Ptx;

namespace VirtualCard.Execution.Compilation;

/// <summary>What atomics make of the old value.</summary>
internal static class AtomicOperations
{
    public static AtomicOperation? Of(string operation, PtxType type) => operation switch
    {
        "exch" => (_, operand, _) => operand,
        "cas" => (old, operand, second) => old == operand ? second : old,
        "and" => (old, operand, _) => old & operand,
        "or" => (old, operand, _) => old | operand,
        "xor" => (old, operand, _) => old ^ operand,
        "inc" => (old, operand, _) => old >= operand ? 0 : old + 1,
        "dec" => (old, operand, _) => old == 0 || old > operand ? operand : old - 1,
        _ => type switch
        {
            PtxType.F32 => operation switch
            {
                "add" => (old, operand, _) => Bits(Single(old) + Single(operand)),
                "min" => (old, operand, _) => Bits(Floats.Min(Single(old), Single(operand))),
                _ => (old, operand, _) => Bits(Floats.Max(Single(old), Single(operand))),
            },
            PtxType.F64 => operation switch
            {
                "add" => (old, operand, _) => BitConverter.DoubleToUInt64Bits(Double(old) + Double(operand)),
                "min" => (old, operand, _) => BitConverter.DoubleToUInt64Bits(Floats.Min(Double(old), Double(operand))),
                _ => (old, operand, _) => BitConverter.DoubleToUInt64Bits(Floats.Max(Double(old), Double(operand))),
            },
            PtxType.F16 or PtxType.BF16 => OfHalf(operation, type),
            PtxType.F16x2 or PtxType.BF16x2 => OfHalf(operation, type == PtxType.F16x2 ? PtxType.F16 : PtxType.BF16) is { } one
                ? (old, operand, _) => (one(old >> 16, operand >> 16, 0) << 16) | one(old & 0xFFFF, operand & 0xFFFF, 0)
            : null,
            PtxType.S32 => OfSigned(operation, 32),
            PtxType.S64 => OfSigned(operation, 64),
            _ => operation switch
            {
                "add" => (old, operand, _) => old + operand,
                "min" => (old, operand, _) => Math.Min(old, operand),
                _ => (old, operand, _) => Math.Max(old, operand),
            },
        },
    };

    /// <summary>The same on global memory, where sums of floats lose their subnormals.</summary>
    public static AtomicOperation? OnGlobal(string operation, PtxType type) => operation == "add" && type == PtxType.F32
        ? (old, operand, _) => Bits(Floats.Flush(Floats.Flush(Single(old)) + Floats.Flush(Single(operand))))
        : Of(operation, type);

    private static AtomicOperation OfSigned(string operation, int bits)
    {
        long Signed(ulong value) => (long)(value << (64 - bits)) >> (64 - bits);
        return operation switch
        {
            "add" => (old, operand, _) => old + operand,
            "min" => (old, operand, _) => Signed(old) <= Signed(operand) ? old : operand,
            _ => (old, operand, _) => Signed(old) >= Signed(operand) ? old : operand,
        };
    }

    private static AtomicOperation OfHalf(string operation, PtxType type) => operation switch
    {
        "add" => (old, operand, _) => HalfArithmetic.Encode(Floats.AddOdd(HalfArithmetic.Decode((ushort)old, type), HalfArithmetic.Decode((ushort)operand, type)), type),
        "min" => (old, operand, _) => HalfArithmetic.Encode(Floats.Min(HalfArithmetic.Decode((ushort)old, type), HalfArithmetic.Decode((ushort)operand, type)), type),
        _ => (old, operand, _) => HalfArithmetic.Encode(Floats.Max(HalfArithmetic.Decode((ushort)old, type), HalfArithmetic.Decode((ushort)operand, type)), type),
    };

    private static float Single(ulong bits) => BitConverter.UInt32BitsToSingle((uint)bits);

    private static double Double(ulong bits) => BitConverter.UInt64BitsToDouble(bits);

    private static ulong Bits(float value) => BitConverter.SingleToUInt32Bits(value);
}
