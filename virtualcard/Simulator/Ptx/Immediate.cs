namespace VirtualCard.Ptx;

/// <summary>A number in the text: an integer's low 64 bits, a decimal's double, or the bits of a float or a double.</summary>
public sealed class Immediate(ImmediateKind kind, ulong bits, string? text = null) : Operand
{
    public ImmediateKind Kind { get; } = kind;

    /// <summary>An integer in two's complement; the double's bits of a decimal; the bits as written.</summary>
    public ulong Bits { get; } = bits;

    public string? Text { get; } = text;

    public long Integer => Kind == ImmediateKind.Integer ? (long)Bits : throw new PtxException($"integer expected, found {this}");

    /// <summary>The bits of the immediate where an instruction takes it for a type.</summary>
    public ulong BitsAs(PtxType type) => ImmediateBits.Of(this, type);

    public override string ToString() => Kind switch
    {
        ImmediateKind.Integer => ((long)Bits).ToString(),
        ImmediateKind.Decimal => BitConverter.UInt64BitsToDouble(Bits).ToString(),
        ImmediateKind.Bits32 => $"0f{Bits:X8}",
        ImmediateKind.Bits64 => $"0d{Bits:X16}",
        _ => Text ?? "",
    };
}
