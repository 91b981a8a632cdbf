namespace VirtualCard.Ptx;

/// <summary>A word of PTX text: where it stands.</summary>
internal readonly record struct Token(TokenKind Kind, int Start, int Length, int Line);
