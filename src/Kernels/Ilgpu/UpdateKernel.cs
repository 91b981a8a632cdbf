using System.Numerics;
using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Norms;
using GpuOptim.Kernels.Rules;
using ILGPU;

namespace GpuOptim.Kernels.Ilgpu;

/// <summary>How the fused update is cut for a GPU.</summary>
internal static class UpdateKernel
{
    /// <summary>Threads of a group on a GPU.</summary>
    public const int GroupSize = 256;

    /// <summary>Threads of the smallest group: a warp.</summary>
    public const int MinGroupSize = 32;

    /// <summary>Elements of a chunk: on a GPU, four for each thread, four times, or eight, twice. Norms are taken of the same chunks.</summary>
    public const int ChunkLength = NormOrder.ChunkLength;

    /// <summary>How many threads take a chunk: fewer where all are short, so that a multiprocessor works on more of them at once.</summary>
    /// <param name="longestChunk">Elements of the longest chunk.</param>
    public static int GroupSizeFor(int longestChunk) => Math.Clamp((int)BitOperations.RoundUpToPowerOf2((uint)(longestChunk + 3) / 4), MinGroupSize, GroupSize);
}

/// <summary>
/// The fused update of any number of tensors: each group of threads takes a chunk, four or eight elements a thread where all of the
/// tensor's addresses are aligned, one at its end and where they are not.
/// </summary>
/// <typeparam name="TRule">The rule.</typeparam>
/// <typeparam name="TElement">Type of parameters.</typeparam>
/// <typeparam name="TGradient">Type of gradients.</typeparam>
/// <typeparam name="TState">Type of the state.</typeparam>
/// <typeparam name="TCompute">Type computed in: the state's, or float.</typeparam>
internal static unsafe class UpdateKernel<TRule, TElement, TGradient, TState, TCompute>
    where TRule : unmanaged, IUpdateRule
    where TElement : IFormat
    where TGradient : IFormat
    where TState : IFormat
    where TCompute : IFormat
{
    /// <summary>
    /// Elements that a thread takes at once: 16 bytes of the narrowest type, but of floats never more than 16, so that neighbors are whole lines; and
    /// fewer where the rule's constants and numbers would not fit its registers.
    /// </summary>
    public static readonly int Wide = TElement.Size + TGradient.Size + TState.Size == 6 && sizeof(TRule) / sizeof(float) + 8 * (2 + TRule.StateCount) <= 42 ? 8 : 4;

    /// <summary>Updates the chunk of the group.</summary>
    /// <param name="chunks">A chunk for each group.</param>
    /// <param name="segments">The tensors.</param>
    /// <param name="gradients">Address of each tensor's gradient; 0 leaves the tensor as it is, but for its average.</param>
    /// <param name="ruleIndices">For each tensor, the index of its rule.</param>
    /// <param name="rules">The rules.</param>
    /// <param name="averages">One rule: how the new parameter goes into its average. Not looked at where no tensor has an average.</param>
    /// <remarks>Three groups and more on a multiprocessor have 24 kilobytes on their way from memory, which is what an H200 needs.</remarks>
    [LaunchBounds(UpdateKernel.GroupSize, 3)]
    public static void Run(
        ArrayView<GpuChunk> chunks, ArrayView<GpuSegment> segments, ArrayView<long> gradients, ArrayView<int> ruleIndices, ArrayView<TRule> rules, ArrayView<AverageRule> averages)
    {
        var chunk = chunks[Grid.IdxX];
        var gradient = gradients[chunk.Segment];
        var segment = segments[chunk.Segment];
        if (gradient == 0 && segment.Average == 0)
            return;
        TRule rule = default;
        if (gradient != 0)
            rule = rules[ruleIndices[chunk.Segment]];
        // From here on places count from the chunk's start, which 32 bits hold.
        var start = (long)chunk.Index * UpdateKernel.ChunkLength;
        var end = (int)IntrinsicMath.Min(UpdateKernel.ChunkLength, segment.Length - start);
        gradient = At<TGradient>(gradient, start);
        segment.Parameter = At<TElement>(segment.Parameter, start);
        segment.State0 = At<TState>(segment.State0, start);
        segment.State1 = At<TState>(segment.State1, start);
        segment.State2 = At<TState>(segment.State2, start);
        segment.Average = At<TElement>(segment.Average, start);

        var wide = Wide;
        var i = 0;
        var misaligned = (segment.Parameter | segment.State0 | segment.State1 | segment.State2 | segment.Average | gradient) & 15;
        if (misaligned == 0)
        {
            for (i = Group.IdxX * wide; i <= end - wide; i += Group.DimX * wide)
            {
                if (wide == 8)
                    Update<GpuFloats8>(rule, averages, segment, gradient, i);
                else
                    Update<GpuFloats4>(rule, averages, segment, gradient, i);
            }
            i = end & -wide;
        }
        for (i += Group.IdxX; i < end; i += Group.DimX)
            Update<GpuFloats1>(rule, averages, segment, gradient, i);
    }

    private static void Update<TFloats>(TRule rule, ArrayView<AverageRule> averages, GpuSegment segment, long gradient, int i) where TFloats : unmanaged, IFloats<TFloats>
    {
        var place = Place<TElement>(segment.Parameter, i);
        var parameter = TElement.Load<TFloats>(place);
        if (gradient != 0)
        {
            parameter = Move(rule, parameter, segment, gradient, i);
            TElement.Store(parameter, place);
        }
        if (segment.Average != 0)
        {
            var averagePlace = Place<TElement>(segment.Average, i);
            Lane<TFloats, TElement> a = new(TElement.Load<TFloats>(averagePlace)), unused = a;
            // Each time anew: a launch without averages has no registers to spare for the rule.
            averages[0].Apply(ref a, new Lane<TFloats, TElement>(parameter), ref unused, ref unused, ref unused);
            TElement.Store(a.Value, averagePlace);
        }
    }

    private static TFloats Move<TFloats>(TRule rule, TFloats parameter, GpuSegment segment, long gradient, int i) where TFloats : unmanaged, IFloats<TFloats>
    {
        void* state0 = Place<TState>(segment.State0, i), state1 = Place<TState>(segment.State1, i), state2 = Place<TState>(segment.State2, i);
        var p = new Lane<TFloats, TCompute>(parameter);
        var g = new Lane<TFloats, TCompute>(TGradient.Load<TFloats>(Place<TGradient>(gradient, i)));
        Lane<TFloats, TCompute> s0 = new(TFloats.Create(0)), s1 = s0, s2 = s0;
        if (TRule.StateCount > 0 && segment.State0 != 0)
            s0 = new(TState.Load<TFloats>(state0));
        if (TRule.StateCount > 1 && segment.State1 != 0)
            s1 = new(TState.Load<TFloats>(state1));
        if (TRule.StateCount > 2 && segment.State2 != 0)
            s2 = new(TState.Load<TFloats>(state2));

        rule.Apply(ref p, g, ref s0, ref s1, ref s2);

        if (TRule.StateCount > 0 && segment.State0 != 0)
            TState.Store(Rounded<TFloats, TState>(s0.Value), state0);
        if (TRule.StateCount > 1 && segment.State1 != 0)
            TState.Store(Rounded<TFloats, TState>(s1.Value), state1);
        if (TRule.StateCount > 2 && segment.State2 != 0)
            TState.Store(Rounded<TFloats, TState>(s2.Value), state2);
        return Rounded<TFloats, TElement>(p.Value);
    }

    /// <summary>What is stored of what was computed: rounded, unless all of it is. What a rule only passes on is as it was loaded.</summary>
    private static TFloats Rounded<TFloats, TFormat>(TFloats value)
        where TFloats : unmanaged, IFloats<TFloats>
        where TFormat : IFormat =>
        TFormat.Type == TCompute.Type && (TGradient.Type == TCompute.Type || TCompute.Type == ElementType.Float32) ? value : TFormat.Round(value);

    /// <summary>The address of an element; nowhere stays nowhere.</summary>
    private static long At<TFormat>(long start, long index) where TFormat : IFormat => start == 0 ? 0 : start + index * TFormat.Size;

    private static void* Place<TFormat>(long start, int index) where TFormat : IFormat => (void*)Ptx.Place(start, index, TFormat.Size);
}
