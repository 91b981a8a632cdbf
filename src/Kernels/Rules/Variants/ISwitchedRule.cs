using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Rules.Variants;

/// <summary>A rule with switches. Loops for the settings that people use know them as constants, see <see cref="RuleVariant{TRule, TSwitches}"/>.</summary>
internal interface ISwitchedRule : IUpdateRule
{
    /// <summary>How many state tensors the rule uses where its switches are these. Without branches, so that it is a constant before anything is inlined.</summary>
    static abstract int StatesOf(int switches);

    /// <summary><see cref="IUpdateRule.Apply"/>, with the switches from <typeparamref name="TSwitches"/>.</summary>
    void Apply<T, TSwitches>(ref T parameter, T gradient, ref T state0, ref T state1, ref T state2)
        where T : struct, ILane<T>
        where TSwitches : struct, ISwitches;
}
