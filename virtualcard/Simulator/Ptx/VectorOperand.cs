namespace VirtualCard.Ptx;

/// <summary>{a, b, ...}</summary>
public sealed class VectorOperand(Operand[] items) : Operand
{
    public Operand[] Items { get; } = items;
}
