using System.Runtime.CompilerServices;

namespace GpuOptim.Kernels.Rules.Variants;

/// <summary>A rule whose switches are constants. It lies in memory as the rule does, so a rule can be read as one.</summary>
/// <typeparam name="TRule">The rule.</typeparam>
/// <typeparam name="TSwitches">Its switches, as they are stored in it.</typeparam>
/// <param name="rule">The rule.</param>
internal readonly struct RuleVariant<TRule, TSwitches>(TRule rule) : IUpdateRule
    where TRule : unmanaged, ISwitchedRule
    where TSwitches : struct, ISwitches
{
    // A field, so that nothing is copied to reach what is in it.
    private readonly TRule _rule = rule;

    public static int StateCount { [MethodImpl(MethodImplOptions.AggressiveInlining)] get => TRule.StatesOf(TSwitches.Of(0)); }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<T>(ref T parameter, T gradient, ref T state0, ref T state1, ref T state2) where T : struct, Lanes.ILane<T> =>
        _rule.Apply<T, TSwitches>(ref parameter, gradient, ref state0, ref state1, ref state2);
}
