namespace VirtualCard.Ptx;

/// <summary>A register. Each is one object: scopes are resolved by the parser.</summary>
public sealed class Register(string name, PtxType type) : Operand
{
    public string Name { get; } = name;

    public PtxType Type { get; } = type;

    public override string ToString() => Name;
}
