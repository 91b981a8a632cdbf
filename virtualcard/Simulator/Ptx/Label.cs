namespace VirtualCard.Ptx;

/// <summary>A place in the code, or a table of branch targets.</summary>
public sealed class Label(string name) : Operand
{
    public string Name { get; } = name;

    /// <summary>Set by .branchtargets; null for a place in the code.</summary>
    public Label[]? Targets { get; internal set; }

    public override string ToString() => Name;
}
