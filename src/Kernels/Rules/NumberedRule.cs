namespace GpuOptim.Kernels.Rules;

/// <summary>A rule and the number of its step, which random numbers depend on.</summary>
/// <param name="rule">The rule.</param>
/// <param name="step">Which update of its parameters this is.</param>
internal struct NumberedRule<TRule>(TRule rule, uint step) where TRule : unmanaged, IUpdateRule
{
    // The rule is first: who has the address of one has that of the other.
    public TRule Rule = rule;
    public uint Step = step;

    /// <summary>Where the number is, in bytes.</summary>
    public static unsafe int StepOffset
    {
        get
        {
            NumberedRule<TRule> rule = default;
            return (int)((byte*)&rule.Step - (byte*)&rule);
        }
    }
}
