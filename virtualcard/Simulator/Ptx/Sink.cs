namespace VirtualCard.Ptx;

/// <summary>The destination _ that takes nothing.</summary>
public sealed class Sink : Operand;
