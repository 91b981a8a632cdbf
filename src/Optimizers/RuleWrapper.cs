using GpuOptim.Kernels.Rules;

namespace GpuOptim.Optimizers;

/// <summary>Rules with what is done to gradients before them; the array is used again.</summary>
internal sealed class RuleWrapper<TRule> where TRule : unmanaged, IUpdateRule
{
    private ChangedRule<TRule>[] _changed = [];

    public ReadOnlySpan<ChangedRule<TRule>> Wrap(ReadOnlySpan<TRule> rules, GradientChange change)
    {
        if (_changed.Length < rules.Length)
            _changed = new ChangedRule<TRule>[2 * rules.Length];
        for (var i = 0; i < rules.Length; i++)
            _changed[i] = new(change, rules[i]);
        return _changed.AsSpan(0, rules.Length);
    }
}
