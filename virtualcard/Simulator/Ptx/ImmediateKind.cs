namespace VirtualCard.Ptx;

/// <summary>How an immediate was written.</summary>
public enum ImmediateKind
{
    Integer,
    Decimal,
    Bits32,
    Bits64,
    Text,
}
