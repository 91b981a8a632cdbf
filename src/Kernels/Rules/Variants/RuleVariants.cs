using System.Runtime.CompilerServices;

namespace GpuOptim.Kernels.Rules.Variants;

/// <summary>Chooses the loop that a rule runs in: one whose compiler knows the rule's switches, where there is one, or the rule's own.</summary>
/// <remarks>They are listed, not found, so that a program that was compiled ahead has them.</remarks>
internal static class RuleVariants
{
    /// <summary>Visits the type of one rule's loop.</summary>
    public static void Visit<TRule, TVisitor>(in TRule rule, ref TVisitor visitor)
        where TRule : unmanaged, IUpdateRule
        where TVisitor : IRuleVisitor
    {
        if (typeof(TRule) == typeof(SgdRule))
            Unsafe.BitCast<TRule, SgdRule>(rule).Visit(ref visitor);
        else if (typeof(TRule) == typeof(RmsPropRule))
            Unsafe.BitCast<TRule, RmsPropRule>(rule).Visit(ref visitor);
        else if (typeof(TRule) == typeof(AdamRule))
            Unsafe.BitCast<TRule, AdamRule>(rule).Visit(ref visitor);
        else if (typeof(TRule) == typeof(MuonUpdateRule))
            Unsafe.BitCast<TRule, MuonUpdateRule>(rule).Visit(ref visitor);
        else if (typeof(TRule) == typeof(TransformedRule<SgdRule>))
            Transformed(Unsafe.BitCast<TRule, TransformedRule<SgdRule>>(rule).Rule, ref visitor);
        else if (typeof(TRule) == typeof(TransformedRule<RmsPropRule>))
            Transformed(Unsafe.BitCast<TRule, TransformedRule<RmsPropRule>>(rule).Rule, ref visitor);
        else if (typeof(TRule) == typeof(TransformedRule<AdamRule>))
            Transformed(Unsafe.BitCast<TRule, TransformedRule<AdamRule>>(rule).Rule, ref visitor);
        else
            visitor.Visit<TRule>();
    }

    /// <summary>Visits the type of a loop that all of the rules can run in.</summary>
    public static void Visit<TRule, TVisitor>(ReadOnlySpan<TRule> rules, ref TVisitor visitor)
        where TRule : unmanaged, IUpdateRule
        where TVisitor : IRuleVisitor
    {
        // Of one rule, or of none, there is nothing to compare.
        var first = rules.Length > 1 ? TypeOf(rules[0]) : null;
        for (var i = 1; i < rules.Length; i++)
        {
            if (TypeOf(rules[i]) != first)
            {
                visitor.Visit<TRule>();
                return;
            }
        }
        if (rules.IsEmpty)
            visitor.Visit<TRule>();
        else
            Visit(rules[0], ref visitor);
    }

    /// <summary>The same of rules with numbers.</summary>
    public static void Visit<TRule, TVisitor>(ReadOnlySpan<NumberedRule<TRule>> rules, ref TVisitor visitor)
        where TRule : unmanaged, IUpdateRule
        where TVisitor : IRuleVisitor
    {
        var first = rules.Length > 1 ? TypeOf(rules[0].Rule) : null;
        for (var i = 1; i < rules.Length; i++)
        {
            if (TypeOf(rules[i].Rule) != first)
            {
                visitor.Visit<TRule>();
                return;
            }
        }
        if (rules.IsEmpty)
            visitor.Visit<TRule>();
        else
            Visit(rules[0].Rule, ref visitor);
    }

    private static Type TypeOf<TRule>(in TRule rule) where TRule : unmanaged, IUpdateRule
    {
        var type = default(TypeVisitor);
        Visit(rule, ref type);
        return type.Type;
    }

    /// <summary>The type of a loop that all of the rules can run in.</summary>
    public static Type TypeOf<TRule>(ReadOnlySpan<TRule> rules) where TRule : unmanaged, IUpdateRule
    {
        var type = default(TypeVisitor);
        Visit(rules, ref type);
        return type.Type;
    }

    private static void Transformed<TRule, TVisitor>(in TRule rule, ref TVisitor visitor)
        where TRule : unmanaged, IUpdateRule
        where TVisitor : IRuleVisitor
    {
        var transformed = new TransformedVisitor<TVisitor> { Inner = visitor };
        Visit(rule, ref transformed);
        visitor = transformed.Inner;
    }

    private struct TypeVisitor : IRuleVisitor
    {
        public Type Type;

        public void Visit<TRule>() where TRule : unmanaged, IUpdateRule => Type = typeof(TRule);
    }

    private struct TransformedVisitor<TVisitor> : IRuleVisitor where TVisitor : IRuleVisitor
    {
        public TVisitor Inner;

        public void Visit<TRule>() where TRule : unmanaged, IUpdateRule => Inner.Visit<TransformedRule<TRule>>();
    }
}
