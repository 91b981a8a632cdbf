namespace VirtualCard.Ptx;

/// <summary>[base + offset] or [base, {coordinates}]; the base is a <see cref="Register"/>, a <see cref="Variable"/> or none.</summary>
public sealed class Memory(Operand? @base, long offset, Operand[]? coordinates = null) : Operand
{
    public Operand? Base { get; } = @base;

    public long Offset { get; } = offset;

    public Operand[] Coordinates { get; } = coordinates ?? [];
}
