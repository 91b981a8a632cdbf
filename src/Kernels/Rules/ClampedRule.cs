using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Rules;

/// <summary>Another rule on gradients that are held within limits first. NaN stays NaN.</summary>
/// <typeparam name="TRule">The other rule.</typeparam>
/// <param name="Limit">The largest size.</param>
/// <param name="Rule">The other rule.</param>
internal readonly record struct ClampedRule<TRule>(float Limit, TRule Rule) : IUpdateRule where TRule : unmanaged, IUpdateRule
{
    public static int StateCount => TRule.StateCount;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<T>(ref T parameter, T gradient, ref T state0, ref T state1, ref T state2) where T : struct, ILane<T>
    {
        // Lanes have no constants and no minimum: a zero moved to the lower limit, and signs changed around a maximum.
        var lower = gradient.Sign().Mul(0).Add(-Limit);
        Rule.Apply(ref parameter, gradient.Max(lower).Neg().Max(lower).Neg(), ref state0, ref state1, ref state2);
    }
}
