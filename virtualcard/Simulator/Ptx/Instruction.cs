namespace VirtualCard.Ptx;

/// <summary>One instruction of the text.</summary>
/// <param name="name">ld, add, mma, ...: what stands before the first dot.</param>
/// <param name="modifiers">What stands behind it, without dots: ["global", "v4", "f32"].</param>
/// <param name="guard">The predicate in front of it, or null.</param>
public sealed class Instruction(string name, string[] modifiers, Operand[] operands, Register? guard, bool isGuardNegated, int line, string text)
{
    public string Name { get; } = name;

    public string[] Modifiers { get; } = modifiers;

    public Operand[] Operands { get; internal set; } = operands;

    public Register? Guard { get; } = guard;

    public bool IsGuardNegated { get; } = isGuardNegated;

    public int Line { get; } = line;

    /// <summary>The instruction as it stands in the text, with single spaces, guard included.</summary>
    public string Text { get; } = text;

    public string Opcode => Modifiers.Length == 0 ? Name : Name + "." + string.Join('.', Modifiers);

    /// <summary>For a fused multiply-add made of two instructions: whether the product, or the addend, is negated.</summary>
    public (bool Product, bool Addend) Negation { get; internal set; }

    public bool Has(string modifier) => Array.IndexOf(Modifiers, modifier) >= 0;

    public bool Has(params ReadOnlySpan<string> modifiers)
    {
        foreach (var modifier in modifiers)
        {
            if (Has(modifier))
                return true;
        }
        return false;
    }

    public override string ToString() => Text;
}
