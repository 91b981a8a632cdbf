namespace VirtualCard.Ptx;

/// <summary>The operands of a call in parentheses.</summary>
public sealed class OperandGroup(Operand[] items) : Operand
{
    public Operand[] Items { get; } = items;
}
