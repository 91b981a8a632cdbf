namespace VirtualCard.Ptx;

/// <summary>!p</summary>
public sealed class Negated(Operand predicate) : Operand
{
    public Operand Predicate { get; } = predicate;
}
