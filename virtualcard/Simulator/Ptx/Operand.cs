namespace VirtualCard.Ptx;

/// <summary>An operand of an instruction.</summary>
public abstract class Operand;
