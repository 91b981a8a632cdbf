namespace VirtualCard.Ptx;

/// <summary>A name that is not resolved: a function, until calls are inlined.</summary>
public sealed class NameOperand(string name, long offset = 0) : Operand
{
    public string Name { get; } = name;

    public long Offset { get; } = offset;
}
