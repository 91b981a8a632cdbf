using GpuOptim.Kernels.Rules;

namespace GpuOptim.Optimizers;

/// <summary>Rules with what is done to gradients before them; the arrays are used again.</summary>
internal sealed class RuleWrapper<TRule> where TRule : unmanaged, IUpdateRule
{
    private ScaledRule<TRule>[] _scaled = [];
    private ClampedRule<TRule>[] _clamped = [];

    public ReadOnlySpan<ScaledRule<TRule>> Scale(ReadOnlySpan<TRule> rules, float factor)
    {
        if (_scaled.Length < rules.Length)
            _scaled = new ScaledRule<TRule>[2 * rules.Length];
        for (var i = 0; i < rules.Length; i++)
            _scaled[i] = new(factor, rules[i]);
        return _scaled.AsSpan(0, rules.Length);
    }

    public ReadOnlySpan<ClampedRule<TRule>> Clamp(ReadOnlySpan<TRule> rules, float limit)
    {
        if (_clamped.Length < rules.Length)
            _clamped = new ClampedRule<TRule>[2 * rules.Length];
        for (var i = 0; i < rules.Length; i++)
            _clamped[i] = new(limit, rules[i]);
        return _clamped.AsSpan(0, rules.Length);
    }
}
