using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Rules;

namespace GpuOptim.Kernels.Simd;

/// <summary>
/// The one loop of every elementwise optimizer on the CPU: loads a lane of the parameter, its gradient and its state, applies the rule,
/// stores what changed.
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
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    /// <summary>Updates <paramref name="count"/> elements. A state that is not in use is null.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(void* rule, void* parameter, void* gradient, void* state0, void* state1, void* state2, nint count)
    {
        var tensors = new Tensors(*(TRule*)rule, parameter, gradient, state0, state1, state2);
        var end = count - TFloats.Count;
        if (end < 0)
        {
            for (nint i = 0; i < count; i++)
                tensors.Store(i, tensors.Update<Floats1>(i));
        }
        else if (count % TFloats.Count == 0)
        {
            for (nint i = 0; i <= end; i += TFloats.Count)
                tensors.Store(i, tensors.Update<TFloats>(i));
        }
        else
        {
            // The last full vector overlaps the one before it. Computed first and stored last, it writes there what is there already.
            var last = tensors.Update<TFloats>(end);
            for (nint i = 0; i <= end; i += TFloats.Count)
                tensors.Store(i, tensors.Update<TFloats>(i));
            tensors.Store(end, last);
        }
    }

    /// <summary>What an update makes of one lane.</summary>
    private ref struct Updated<T> where T : unmanaged, IFloats<T>
    {
        public Lane<T, TState> Parameter, State0, State1, State2;
    }

    /// <summary>The tensors under the loop, and the rule applied to them.</summary>
    private readonly ref struct Tensors(TRule rule, void* parameter, void* gradient, void* state0, void* state1, void* state2)
    {
        private readonly void* _parameter = parameter;
        private readonly void* _gradient = gradient;
        private readonly void* _state0 = state0;
        private readonly void* _state1 = state1;
        private readonly void* _state2 = state2;

        [MethodImpl(Inline)]
        public Updated<T> Update<T>(nint i) where T : unmanaged, IFloats<T>
        {
            Updated<T> lane = default;
            lane.Parameter = new(TElement.Load<T>(_parameter, i));
            if (TRule.StateCount > 0 && _state0 != null)
                lane.State0 = new(TState.Load<T>(_state0, i));
            if (TRule.StateCount > 1 && _state1 != null)
                lane.State1 = new(TState.Load<T>(_state1, i));
            if (TRule.StateCount > 2 && _state2 != null)
                lane.State2 = new(TState.Load<T>(_state2, i));
            rule.Apply(ref lane.Parameter, new(TElement.Load<T>(_gradient, i)), ref lane.State0, ref lane.State1, ref lane.State2);
            return lane;
        }

        [MethodImpl(Inline)]
        public void Store<T>(nint i, Updated<T> lane) where T : unmanaged, IFloats<T>
        {
            var parameter = lane.Parameter.Value;
            TElement.Store(typeof(TElement) == typeof(TState) ? parameter : TElement.Round(parameter), _parameter, i);
            if (TRule.StateCount > 0 && _state0 != null)
                TState.Store(lane.State0.Value, _state0, i);
            if (TRule.StateCount > 1 && _state1 != null)
                TState.Store(lane.State1.Value, _state1, i);
            if (TRule.StateCount > 2 && _state2 != null)
                TState.Store(lane.State2.Value, _state2, i);
        }
    }
}
