using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Rules;

/// <summary>Another rule on gradients that are multiplied by a factor first.</summary>
/// <remarks>The factor is the first field: a device that finds it on its own writes it there.</remarks>
/// <typeparam name="TRule">The other rule.</typeparam>
/// <param name="Scale">The factor.</param>
/// <param name="Rule">The other rule.</param>
internal readonly record struct ScaledRule<TRule>(float Scale, TRule Rule) : IUpdateRule where TRule : unmanaged, IUpdateRule
{
    public static int StateCount => TRule.StateCount;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<T>(ref T parameter, T gradient, ref T state0, ref T state1, ref T state2) where T : struct, ILane<T> =>
        Rule.Apply(ref parameter, gradient.Mul(Scale), ref state0, ref state1, ref state2);
}
