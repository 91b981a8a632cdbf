namespace VirtualCard.Ptx;

/// <summary>A kernel or a device function.</summary>
public sealed class Function
{
    public required string Name { get; init; }

    public required bool IsEntry { get; init; }

    public required int Line { get; init; }

    /// <summary><see cref="Variable"/>s, or <see cref="Register"/>s of a device function.</summary>
    public required Operand[] Parameters { get; init; }

    public required Operand[] Results { get; init; }

    /// <summary><see cref="Instruction"/>s and <see cref="Label"/>s in order; null for a declaration.</summary>
    public List<object>? Body { get; internal set; }

    /// <summary>The variables that the body declares.</summary>
    public List<Variable> Variables { get; } = [];

    /// <summary>maxntid, reqntid, maxnreg, ...: the numbers behind them.</summary>
    public Dictionary<string, int[]> Directives { get; } = new(StringComparer.Ordinal);
}
