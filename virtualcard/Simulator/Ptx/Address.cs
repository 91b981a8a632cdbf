namespace VirtualCard.Ptx;

/// <summary>A variable where its address is meant, and a constant.</summary>
public sealed class Address(Variable variable, long offset) : Operand
{
    public Variable Variable { get; } = variable;

    public long Offset { get; } = offset;
}
