namespace VirtualCard.Execution;

/// <summary>The rounding modes of IEEE 754: .rn, .rz, .rm, .rp, and with an i behind them those to integers.</summary>
internal enum Rounding : byte
{
    /// <summary>To nearest, ties to even.</summary>
    Nearest,

    Zero,

    Down,

    Up,
}
