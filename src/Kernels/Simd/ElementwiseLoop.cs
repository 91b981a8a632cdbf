using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Rules;

namespace GpuOptim.Kernels.Simd;

/// <summary>
/// The one loop of every elementwise optimizer on the CPU: loads a lane of the parameter, its gradient and its state, applies the rule,
/// stores what changed. The last few elements go one at a time through the same rule.
/// </summary>
/// <typeparam name="TRule">The rule, a struct, so that the compiler specialises the loop for it.</typeparam>
/// <typeparam name="TFloats">The vector width.</typeparam>
/// <typeparam name="TElement">The type of parameter and gradient.</typeparam>
/// <typeparam name="TState">The type of the state, and the one computed in.</typeparam>
internal static unsafe class ElementwiseLoop<TRule, TFloats, TElement, TState>
    where TRule : unmanaged, IUpdateRule
    where TFloats : unmanaged, IFloats<TFloats>
    where TElement : IFormat
    where TState : IFormat
{
    /// <summary>Updates <paramref name="count"/> elements. A state that is not in use is null.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(void* rule, void* parameter, void* gradient, void* state0, void* state1, void* state2, nint count)
    {
        var constants = *(TRule*)rule;
        nint i = 0;
        for (; i <= count - TFloats.Count; i += TFloats.Count)
            Update<TFloats>(constants, parameter, gradient, state0, state1, state2, i);
        for (; i < count; i++)
            Update<Floats1>(constants, parameter, gradient, state0, state1, state2, i);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Update<T>(TRule rule, void* parameter, void* gradient, void* state0, void* state1, void* state2, nint i)
        where T : unmanaged, IFloats<T>
    {
        var p = new Lane<T, TState>(TElement.Load<T>(parameter, i));
        var g = new Lane<T, TState>(TElement.Load<T>(gradient, i));
        Lane<T, TState> s0 = default, s1 = default, s2 = default;
        if (TRule.StateCount > 0 && state0 != null)
            s0 = new(TState.Load<T>(state0, i));
        if (TRule.StateCount > 1 && state1 != null)
            s1 = new(TState.Load<T>(state1, i));
        if (TRule.StateCount > 2 && state2 != null)
            s2 = new(TState.Load<T>(state2, i));

        rule.Apply(ref p, g, ref s0, ref s1, ref s2);

        TElement.Store(typeof(TElement) == typeof(TState) ? p.Value : TElement.Round(p.Value), parameter, i);
        if (TRule.StateCount > 0 && state0 != null)
            TState.Store(s0.Value, state0, i);
        if (TRule.StateCount > 1 && state1 != null)
            TState.Store(s1.Value, state1, i);
        if (TRule.StateCount > 2 && state2 != null)
            TState.Store(s2.Value, state2, i);
    }
}
