namespace VirtualCard.Ptx;

/// <summary>A variable of a module, a function or its parameters; as an operand it stands inside <see cref="Address"/> or <see cref="Memory"/>.</summary>
/// <param name="count">Elements; null for a scalar, -1 for an array without a size.</param>
public sealed class Variable(string name, StateSpace space, PtxType type, int align, long? count, int line) : Operand
{
    public string Name { get; } = name;

    public StateSpace Space { get; } = space;

    public PtxType Type { get; } = type;

    public int Align { get; } = align;

    public long? Count { get; internal set; } = count;

    public int Line { get; } = line;

    /// <summary>What it starts with, if the text says so.</summary>
    public byte[]? Initial { get; internal set; }

    public bool IsExtern { get; internal init; }

    public long Size => Type.Size() * (Count is { } count ? Math.Max(count, 0) : 1);

    public override string ToString() => Name;
}
