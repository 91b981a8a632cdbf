namespace VirtualCard.Ptx;

internal enum TokenKind : byte
{
    End,

    /// <summary>A name, a directive or an opcode, with all its dotted parts.</summary>
    Identifier,

    Number,

    /// <summary>0f3F800000 or 0d3FF0000000000000.</summary>
    FloatBits,

    Text,

    Punctuation,
}
