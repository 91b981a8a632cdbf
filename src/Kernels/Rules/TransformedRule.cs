using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Rules;

/// <summary>Another rule on gradients that are transformed first.</summary>
/// <typeparam name="TRule">The other rule.</typeparam>
/// <param name="Transform">What is done to gradients. It is the first field, where devices write factors.</param>
/// <param name="Rule">The other rule.</param>
internal readonly record struct TransformedRule<TRule>(GradientTransform Transform, TRule Rule) : IUpdateRule where TRule : unmanaged, IUpdateRule
{
    // Fields, so that nothing is copied to reach what is in them.
    public readonly GradientTransform Transform = Transform;
    public readonly TRule Rule = Rule;

    public static int StateCount { [MethodImpl(MethodImplOptions.AggressiveInlining)] get => TRule.StateCount; }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<T>(ref T parameter, T gradient, ref T state0, ref T state1, ref T state2) where T : struct, ILane<T> =>
        Rule.Apply(ref parameter, Transform.Apply(gradient), ref state0, ref state1, ref state2);
}
