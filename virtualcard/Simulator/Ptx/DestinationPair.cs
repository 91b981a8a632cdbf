namespace VirtualCard.Ptx;

/// <summary>Two destinations: d|p.</summary>
public sealed class DestinationPair(Operand first, Operand second) : Operand
{
    public Operand First { get; } = first;

    public Operand Second { get; } = second;
}
