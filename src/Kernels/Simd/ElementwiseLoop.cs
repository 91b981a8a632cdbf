using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Rules;

namespace GpuOptim.Kernels.Simd;

/// <summary>
/// The one loop of every elementwise optimizer on the CPU: loads a lane of the parameter, its gradient and its state, applies the rule,
/// stores what changed.
/// </summary>
/// <typeparam name="TRule">The rule, a struct, so that the compiler specialises the loop for it.</typeparam>
/// <typeparam name="TFloats">The vector width.</typeparam>
/// <typeparam name="TElement">The type of the parameter.</typeparam>
/// <typeparam name="TGradient">The type of the gradient.</typeparam>
/// <typeparam name="TState">The type of the state, and the one computed in.</typeparam>
internal static unsafe class ElementwiseLoop<TRule, TFloats, TElement, TGradient, TState>
    where TRule : unmanaged, IUpdateRule
    where TFloats : unmanaged, IFloats<TFloats>
    where TElement : IFormat
    where TGradient : IFormat
    where TState : IFormat
{
    /// <summary>
    /// How many bytes ahead to ask memory for what will be loaded. The processor's own prefetchers do it, too, but late for so many
    /// streams: this is worth a sixth of the bandwidth. Reaching beyond the end does no harm.
    /// </summary>
    private const int PrefetchDistance = 1536;

    /// <summary>Updates <paramref name="count"/> elements. A state that is not in use is null.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(void* rule, void* parameter, void* gradient, void* state0, void* state1, void* state2, nint count)
    {
        var tail = count % TFloats.Count;
        if (tail == 0)
        {
            RunVectors(rule, parameter, gradient, state0, state1, state2, count);
            return;
        }

        // The end of the tensors is worked on apart, in a full vector, and put back when the rest is done. Where there are enough
        // elements the vector overlaps the one before it, and writes there what is there already.
        var start = Math.Max(0, count - TFloats.Count);
        var ends = stackalloc TFloats[5];
        void* parameterEnd = ends, gradientEnd = ends + 1;
        void* state0End = state0 == null ? null : ends + 2, state1End = state1 == null ? null : ends + 3, state2End = state2 == null ? null : ends + 4;
        Copy<TElement>(parameter, start, parameterEnd, 0, count);
        Copy<TGradient>(gradient, start, gradientEnd, 0, count);
        Copy<TState>(state0, start, state0End, 0, count);
        Copy<TState>(state1, start, state1End, 0, count);
        Copy<TState>(state2, start, state2End, 0, count);

        RunVectors(rule, parameter, gradient, state0, state1, state2, count - tail);
        RunVectors(rule, parameterEnd, gradientEnd, state0End, state1End, state2End, TFloats.Count);

        Copy<TElement>(parameterEnd, 0, parameter, start, count);
        Copy<TState>(state0End, 0, state0, start, count);
        Copy<TState>(state1End, 0, state1, start, count);
        Copy<TState>(state2End, 0, state2, start, count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void RunVectors(void* rule, void* parameter, void* gradient, void* state0, void* state1, void* state2, nint count)
    {
        var constants = *(TRule*)rule;
        var states = TRule.StateCount;
        for (nint i = 0; i < count; i += TFloats.Count)
        {
            Prefetch<TElement>(parameter, i);
            Prefetch<TGradient>(gradient, i);
            if (states > 0 && state0 != null)
                Prefetch<TState>(state0, i);
            if (states > 1 && state1 != null)
                Prefetch<TState>(state1, i);
            if (states > 2 && state2 != null)
                Prefetch<TState>(state2, i);

            var p = new Lane<TFloats, TState>(Elements<TElement>.Load<TFloats>(parameter, i));
            var g = new Lane<TFloats, TState>(Elements<TGradient>.Load<TFloats>(gradient, i));
            Lane<TFloats, TState> s0 = default, s1 = default, s2 = default;
            if (states > 0 && state0 != null)
                s0 = new(Elements<TState>.Load<TFloats>(state0, i));
            if (states > 1 && state1 != null)
                s1 = new(Elements<TState>.Load<TFloats>(state1, i));
            if (states > 2 && state2 != null)
                s2 = new(Elements<TState>.Load<TFloats>(state2, i));

            constants.Apply(ref p, g, ref s0, ref s1, ref s2);

            Elements<TElement>.Store(typeof(TElement) == typeof(TState) ? p.Value : TElement.Round(p.Value), parameter, i);
            if (states > 0 && state0 != null)
                Elements<TState>.Store(s0.Value, state0, i);
            if (states > 1 && state1 != null)
                Elements<TState>.Store(s1.Value, state1, i);
            if (states > 2 && state2 != null)
                Elements<TState>.Store(s2.Value, state2, i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch<TFormat>(void* source, nint index) where TFormat : IFormat
    {
        if (Sse.IsSupported)
            Sse.Prefetch0((byte*)Elements<TFormat>.At(source, index) + PrefetchDistance);
    }

    /// <summary>Copies a vector's worth of elements, or all there are if they are fewer. A length known when compiling makes it one load and store.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Copy<TFormat>(void* source, nint sourceStart, void* destination, nint destinationStart, nint count) where TFormat : IFormat
    {
        if (source == null)
            return;
        void* from = Elements<TFormat>.At(source, sourceStart), to = Elements<TFormat>.At(destination, destinationStart);
        if (count >= TFloats.Count)
            Unsafe.CopyBlockUnaligned(to, from, (uint)(TFloats.Count * TFormat.Size));
        else
            Unsafe.CopyBlockUnaligned(to, from, (uint)(count * TFormat.Size));
    }
}
