using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Rules;

namespace GpuOptim.Kernels.Simd;

/// <summary>
/// The one loop of every elementwise optimizer on the CPU: loads a vector of the parameter, its gradient and its state, applies the rule,
/// stores what changed.
/// </summary>
/// <typeparam name="TRule">The rule, a struct, so that the compiler specialises the loop for it.</typeparam>
/// <typeparam name="TVector">How many elements go through at a time.</typeparam>
/// <typeparam name="TElement">The type of the parameter.</typeparam>
/// <typeparam name="TGradient">The type of the gradient.</typeparam>
/// <typeparam name="TState">The type of the state.</typeparam>
/// <typeparam name="TCompute">The type computed in: the state's, or float.</typeparam>
internal static unsafe class ElementwiseLoop<TRule, TVector, TElement, TGradient, TState, TCompute>
    where TRule : unmanaged, IUpdateRule
    where TVector : unmanaged, IVector<TVector>
    where TElement : IFormat
    where TGradient : IFormat
    where TState : IFormat
    where TCompute : IFormat
{
    /// <summary>
    /// How many bytes ahead to ask for what will be loaded. The processor's own prefetchers do it, too, but late for so many streams, and
    /// too little from its own cache: this is worth up to a sixth of the bandwidth. Reaching beyond the end does no harm.
    /// </summary>
    private const int PrefetchDistance = 1536;

    /// <summary>The shortest stretch of which to ask ahead.</summary>
    private const int PrefetchedLength = 1 << 13;

    private const int LineBytes = 64;

    /// <summary>Updates stretches of tensors; those of tensors without a gradient stay as they are.</summary>
    /// <param name="rule">The rule.</param>
    /// <param name="pieces">The stretches.</param>
    /// <param name="count">How many there are.</param>
    /// <param name="gradients">Where each tensor's gradient begins; 0 for none.</param>
    /// <param name="asksAhead">Whether to ask ahead at all.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(void* rule, UpdatePiece* pieces, int count, nint* gradients, bool asksAhead)
    {
        var constants = *(TRule*)rule;
        nint width = TVector.Count;
        var ends = stackalloc TVector[5];
        for (var end = pieces + count; pieces < end; pieces++)
        {
            if (gradients[pieces->Tensor] == 0)
                continue;
            byte* parameter = (byte*)pieces->Parameter, gradient = (byte*)gradients[pieces->Tensor] + pieces->Start * TGradient.Size;
            byte* state0 = (byte*)pieces->State0, state1 = (byte*)pieces->State1, state2 = (byte*)pieces->State2;
            nint length = pieces->Length, tail = length % width, whole = length - tail;
            var isLong = Sse.IsSupported && asksAhead && length >= PrefetchedLength;

            // The end of the stretch is worked on apart, in a full vector, and put back when the rest is done. Where there are enough
            // elements the vector overlaps the one before it, and writes there what is there already.
            if (tail != 0)
                TakeEnds(parameter, gradient, state0, state1, state2, length, ends);
            while (true)
            {
                for (nint i = 0; i < whole; i += width)
                {
                    if (isLong)
                    {
                        Prefetch<TElement>(parameter + i * TElement.Size);
                        Prefetch<TGradient>(gradient + i * TGradient.Size);
                        if (TRule.StateCount > 0 && state0 != null)
                            Prefetch<TState>(state0 + i * TState.Size);
                        if (TRule.StateCount > 1 && state1 != null)
                            Prefetch<TState>(state1 + i * TState.Size);
                        if (TRule.StateCount > 2 && state2 != null)
                            Prefetch<TState>(state2 + i * TState.Size);
                    }
                    var p = Load<TElement>(parameter + i * TElement.Size);
                    var g = Load<TGradient>(gradient + i * TGradient.Size);
                    Lane<TVector, TCompute> s0 = default, s1 = default, s2 = default;
                    if (TRule.StateCount > 0 && state0 != null)
                        s0 = Load<TState>(state0 + i * TState.Size);
                    if (TRule.StateCount > 1 && state1 != null)
                        s1 = Load<TState>(state1 + i * TState.Size);
                    if (TRule.StateCount > 2 && state2 != null)
                        s2 = Load<TState>(state2 + i * TState.Size);

                    constants.Apply(ref p, g, ref s0, ref s1, ref s2);

                    Store<TElement>(p, parameter + i * TElement.Size);
                    if (TRule.StateCount > 0 && state0 != null)
                        Store<TState>(s0, state0 + i * TState.Size);
                    if (TRule.StateCount > 1 && state1 != null)
                        Store<TState>(s1, state1 + i * TState.Size);
                    if (TRule.StateCount > 2 && state2 != null)
                        Store<TState>(s2, state2 + i * TState.Size);
                }
                if (tail == 0 || parameter == ends)
                    break;
                parameter = (byte*)ends;
                gradient = (byte*)(ends + 1);
                state0 = state0 == null ? null : (byte*)(ends + 2);
                state1 = state1 == null ? null : (byte*)(ends + 3);
                state2 = state2 == null ? null : (byte*)(ends + 4);
                whole = width;
            }
            if (tail != 0)
                PutEnds((byte*)pieces->Parameter, (byte*)pieces->State0, (byte*)pieces->State1, (byte*)pieces->State2, length, ends);
        }
    }

    /// <summary>Loads elements. Where arithmetic rounds to 16 bits, NaNs must have no lower bits than those, see <see cref="IVector{T}"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Lane<TVector, TCompute> Load<TFormat>(byte* source) where TFormat : IFormat =>
        (typeof(TCompute) == typeof(BFloat16Format) && typeof(TFormat) != typeof(BFloat16Format)) || (typeof(TCompute) == typeof(Float16Format) && typeof(TFormat) == typeof(Float32Format))
            ? new(TVector.Quiet(TFormat.Load<TVector>(source)))
            : new(TFormat.Load<TVector>(source));

    /// <summary>
    /// Stores elements, rounded unless all that was computed is: what a rule only passes on is as it was loaded. Where arithmetic does not round
    /// to the type, a NaN may have lower bits if something of more was loaded, which to bfloat16 a binary16 is, too.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TFormat>(in Lane<TVector, TCompute> lane, byte* destination) where TFormat : IFormat
    {
        if (typeof(TFormat) == typeof(TCompute) && (typeof(TGradient) == typeof(TCompute) || typeof(TCompute) == typeof(Float32Format)))
        {
            TFormat.Store(lane.Value, destination);
        }
        else if (typeof(TFormat) == typeof(TCompute))
        {
            TFormat.StoreRounded(lane.Value, destination);
        }
        else if (typeof(TFormat) == typeof(BFloat16Format)
            ? typeof(TElement) != typeof(BFloat16Format) || typeof(TGradient) != typeof(BFloat16Format) || (typeof(TState) != typeof(BFloat16Format) && TRule.StateCount > 0)
            : typeof(TGradient) == typeof(Float32Format) || (typeof(TState) == typeof(Float32Format) && TRule.StateCount > 0))
        {
            TFormat.StoreRounded(TVector.Quiet(lane.Value), destination);
        }
        else
        {
            TFormat.StoreRounded(lane.Value, destination);
        }
    }

    /// <summary>Asks for what will be loaded some vectors later.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch<TFormat>(byte* address) where TFormat : IFormat
    {
        Sse.Prefetch0(address + PrefetchDistance);
        if (sizeof(TVector) > LineBytes && typeof(TFormat) == typeof(Float32Format))
            Sse.Prefetch0(address + PrefetchDistance + LineBytes);
    }

    /// <summary>Copies the last elements of a stretch into vectors of their own.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void TakeEnds(byte* parameter, byte* gradient, byte* state0, byte* state1, byte* state2, nint length, TVector* ends)
    {
        var last = Math.Max(0, length - TVector.Count);
        Copy<TElement>(parameter + last * TElement.Size, ends, length);
        Copy<TGradient>(gradient + last * TGradient.Size, ends + 1, length);
        if (state0 != null)
            Copy<TState>(state0 + last * TState.Size, ends + 2, length);
        if (state1 != null)
            Copy<TState>(state1 + last * TState.Size, ends + 3, length);
        if (state2 != null)
            Copy<TState>(state2 + last * TState.Size, ends + 4, length);
    }

    /// <summary>Copies them back.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void PutEnds(byte* parameter, byte* state0, byte* state1, byte* state2, nint length, TVector* ends)
    {
        var last = Math.Max(0, length - TVector.Count);
        Copy<TElement>(ends, parameter + last * TElement.Size, length);
        if (state0 != null)
            Copy<TState>(ends + 2, state0 + last * TState.Size, length);
        if (state1 != null)
            Copy<TState>(ends + 3, state1 + last * TState.Size, length);
        if (state2 != null)
            Copy<TState>(ends + 4, state2 + last * TState.Size, length);
    }

    /// <summary>Copies a vector's worth of elements, or all there are if they are fewer. A length known when compiling makes it a load and a store.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Copy<TFormat>(void* source, void* destination, nint length) where TFormat : IFormat
    {
        if (length >= TVector.Count)
            Unsafe.CopyBlockUnaligned(destination, source, (uint)(TVector.Count * TFormat.Size));
        else
            Unsafe.CopyBlockUnaligned(destination, source, (uint)(length * TFormat.Size));
    }
}
