using GpuOptim.Kernels.Rules;

namespace GpuOptim.Optimizers;

/// <summary>Rules with what is done to gradients before them, and with numbers; the arrays are used again.</summary>
internal sealed class RuleWrapper<TRule> where TRule : unmanaged, IUpdateRule
{
    private TransformedRule<TRule>[] _changed = [];
    private NumberedRule<TRule>[] _numbered = [];
    private NumberedRule<TransformedRule<TRule>>[] _changedNumbered = [];

    public ReadOnlySpan<TransformedRule<TRule>> Wrap(ReadOnlySpan<TRule> rules, GradientTransform change)
    {
        if (_changed.Length < rules.Length)
            _changed = new TransformedRule<TRule>[2 * rules.Length];
        for (var i = 0; i < rules.Length; i++)
            _changed[i] = new(change, rules[i]);
        return _changed.AsSpan(0, rules.Length);
    }

    public ReadOnlySpan<NumberedRule<TRule>> Number(ReadOnlySpan<TRule> rules, ReadOnlySpan<uint> steps) => Number(rules, steps, ref _numbered);

    public ReadOnlySpan<NumberedRule<TransformedRule<TRule>>> Number(ReadOnlySpan<TRule> rules, GradientTransform change, ReadOnlySpan<uint> steps) =>
        Number(Wrap(rules, change), steps, ref _changedNumbered);

    private static ReadOnlySpan<NumberedRule<TAny>> Number<TAny>(ReadOnlySpan<TAny> rules, ReadOnlySpan<uint> steps, ref NumberedRule<TAny>[] numbered) where TAny : unmanaged, IUpdateRule
    {
        if (numbered.Length < rules.Length)
            numbered = new NumberedRule<TAny>[2 * rules.Length];
        for (var i = 0; i < rules.Length; i++)
            numbered[i] = new(rules[i], steps[i]);
        return numbered.AsSpan(0, rules.Length);
    }
}
