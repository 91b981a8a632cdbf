namespace GpuOptim.Kernels.Rules.Variants;

/// <summary>What a loop knows of a rule's switches, the bits that say which of its options are on, when it is compiled.</summary>
internal interface ISwitches
{
    /// <summary>The switches: those stored in the rule, or constants, of which the compiler takes only what is on into the loop.</summary>
    /// <remarks>Ask in the condition itself, not through a variable: what is off is then left out before its calls are inlined.</remarks>
    /// <param name="stored">Those stored in the rule.</param>
    static abstract int Of(int stored);
}
