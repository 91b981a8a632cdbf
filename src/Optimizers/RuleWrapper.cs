using GpuOptim.Kernels.Rules;

namespace GpuOptim.Optimizers;

/// <summary>Rules with what is done to gradients before them; the array is used again.</summary>
internal sealed class RuleWrapper<TRule> where TRule : unmanaged, IUpdateRule
{
    private TransformedRule<TRule>[] _changed = [];

    public ReadOnlySpan<TransformedRule<TRule>> Wrap(ReadOnlySpan<TRule> rules, GradientTransform change)
    {
        if (_changed.Length < rules.Length)
            _changed = new TransformedRule<TRule>[2 * rules.Length];
        for (var i = 0; i < rules.Length; i++)
            _changed[i] = new(change, rules[i]);
        return _changed.AsSpan(0, rules.Length);
    }
}
