using System.Numerics;
using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Encodings;
using GpuOptim.Kernels.Ilgpu.Encodings;
using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Rules;
using ILGPU;
using ILGPU.Runtime;

namespace GpuOptim.Kernels.Ilgpu;

/// <summary>How an encoded update is cut for a GPU: into the chunks of <see cref="UpdateKernel"/>.</summary>
internal static class EncodedUpdateKernel
{
    /// <summary>How many threads take a chunk: whole warps, eight elements a thread.</summary>
    /// <param name="longestChunk">Elements of the longest chunk.</param>
    public static int GroupSizeFor(int longestChunk) =>
        Math.Clamp((int)BitOperations.RoundUpToPowerOf2((uint)(longestChunk + GpuPlace.Length - 1) / GpuPlace.Length), GpuPlace.Warp, UpdateKernel.GroupSize);
}

/// <summary>
/// The fused update of any number of tensors some of whose numbers are encoded, in float: each warp takes a block of a chunk, eight elements a thread, so that
/// what a block's scale needs to know is in the registers of one warp.
/// </summary>
/// <typeparam name="TRule">The rule.</typeparam>
/// <typeparam name="TElement">Type of the parameters' numbers.</typeparam>
/// <typeparam name="TParameter">How parameters lie in memory.</typeparam>
/// <typeparam name="TGradient">Type of gradients.</typeparam>
/// <typeparam name="TState0">How the first state lies in memory.</typeparam>
/// <typeparam name="TState1">How the second does.</typeparam>
/// <typeparam name="TState2">How the third does.</typeparam>
internal static unsafe class EncodedUpdateKernel<TRule, TElement, TParameter, TGradient, TState0, TState1, TState2>
    where TRule : unmanaged, IUpdateRule
    where TElement : IFormat
    where TParameter : IGpuEncoding
    where TGradient : IFormat
    where TState0 : IGpuEncoding
    where TState1 : IGpuEncoding
    where TState2 : IGpuEncoding
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    /// <summary>Whether some state has scales.</summary>
    private static bool HasBlocks
    {
        [MethodImpl(Inline)]
        get => (TRule.StateCount > 0 && TState0.HasBlocks) || (TRule.StateCount > 1 && TState1.HasBlocks) || (TRule.StateCount > 2 && TState2.HasBlocks);
    }

    /// <summary>Whether some state looks into a table.</summary>
    private static bool HasTables
    {
        [MethodImpl(Inline)]
        get => (TRule.StateCount > 0 && TState0.HasTable) || (TRule.StateCount > 1 && TState1.HasTable) || (TRule.StateCount > 2 && TState2.HasTable);
    }

    /// <summary>Updates the chunk of the group, which is whole warps.</summary>
    /// <param name="chunks">A chunk for each group.</param>
    /// <param name="segments">The tensors.</param>
    /// <param name="encoded">Where they have what.</param>
    /// <param name="gradients">Address of each tensor's gradient; 0 leaves the tensor as it is, but for its average.</param>
    /// <param name="ruleIndices">For each tensor, the index of its rule.</param>
    /// <param name="rules">The rules.</param>
    /// <param name="averages">One rule: how the new parameter goes into its average. Not looked at where no tensor has an average.</param>
    [LaunchBounds(UpdateKernel.GroupSize, 2)]
    public static void Run(
        ArrayView<GpuChunk> chunks,
        ArrayView<GpuSegment> segments,
        ArrayView<EncodedTensor> encoded,
        ArrayView<long> gradients,
        ArrayView<int> ruleIndices,
        ArrayView<NumberedRule<TRule>> rules,
        ArrayView<AverageRule> averages)
    {
        GpuTables tables = default;
        if (HasTables)
        {
            var memory = SharedMemory.Allocate<UInt4>(GpuTables.AllLength).AsAligned(16);
            tables = new(TensorCore.SharedAddress(ref memory[0]));
            if (TRule.StateCount > 0)
                GpuNumbers.WriteTable<TState0>(memory);
            if (TRule.StateCount > 1)
                GpuNumbers.WriteTable<TState1>(memory);
            if (TRule.StateCount > 2)
                GpuNumbers.WriteTable<TState2>(memory);
            Group.Barrier();
        }
        var chunk = chunks[Grid.IdxX];
        var gradient = gradients[chunk.Segment];
        var segment = segments[chunk.Segment];
        if (gradient == 0 && segment.Average == 0)
            return;
        NumberedRule<TRule> rule = default;
        if (gradient != 0)
            rule = rules[ruleIndices[chunk.Segment]];
        var tensor = EncodedChunk.Of<TElement, TParameter, TGradient, TState0, TState1, TState2>(chunk, segment, encoded[chunk.Segment], gradient, rule.Step);
        var lane = Group.IdxX % GpuPlace.Warp;
        // All of a warp together.
        for (var block = Group.IdxX / GpuPlace.Warp * EncodedStretch.BlockLength; block < tensor.End; block += Group.DimX * GpuPlace.Length)
        {
            UpdateBlock(rule.Rule, averages, tensor, GpuPlace.OfLane(block, lane, tensor.End, tensor.IsAligned), block, lane, tables);
        }
    }

    /// <summary>The same by a group of one thread, on a CPU: it looks for a block's largest magnitudes first, and then once more at the block.</summary>
    public static void RunAlone(
        ArrayView<GpuChunk> chunks,
        ArrayView<GpuSegment> segments,
        ArrayView<EncodedTensor> encoded,
        ArrayView<long> gradients,
        ArrayView<int> ruleIndices,
        ArrayView<NumberedRule<TRule>> rules,
        ArrayView<AverageRule> averages)
    {
        var chunk = chunks[Grid.IdxX];
        var gradient = gradients[chunk.Segment];
        var segment = segments[chunk.Segment];
        if (gradient == 0 && segment.Average == 0)
            return;
        NumberedRule<TRule> rule = default;
        if (gradient != 0)
            rule = rules[ruleIndices[chunk.Segment]];
        var tensor = EncodedChunk.Of<TElement, TParameter, TGradient, TState0, TState1, TState2>(chunk, segment, encoded[chunk.Segment], gradient, rule.Step);
        for (var block = 0; block < tensor.End; block += EncodedStretch.BlockLength)
        {
            EncodedScales scales = default, next = default;
            var isMoved = gradient != 0;
            if (isMoved)
                scales = ReadScales(tensor, block);
            if (isMoved && HasBlocks)
            {
                for (var lane = 0; lane < GpuPlace.Warp; lane++)
                {
                    var place = GpuPlace.OfLane(block, lane, tensor.End, isAligned: 0);
                    var values = Move(rule.Rule, tensor, place, scales);
                    next.Scale0 = IntrinsicMath.Max(next.Scale0, GpuNumbers.Largest(values.State0, place));
                    next.Scale1 = IntrinsicMath.Max(next.Scale1, GpuNumbers.Largest(values.State1, place));
                    next.Scale2 = IntrinsicMath.Max(next.Scale2, GpuNumbers.Largest(values.State2, place));
                }
            }
            for (var lane = 0; lane < GpuPlace.Warp; lane++)
            {
                var place = GpuPlace.OfLane(block, lane, tensor.End, isAligned: 0);
                GpuWords parameter = default;
                if (isMoved)
                    parameter = Write(Move(rule.Rule, tensor, place, scales), tensor, place, next, lane, isAlone: true);
                Average(averages, tensor, place, parameter);
            }
            if (isMoved)
                WriteScales(tensor, block, next);
        }
    }

    [MethodImpl(Inline)]
    private static void UpdateBlock(TRule rule, ArrayView<AverageRule> averages, EncodedChunk tensor, GpuPlace place, int block, int lane, GpuTables tables)
    {
        GpuWords parameter = default;
        if (tensor.Gradient != 0)
        {
            var values = Move(rule, tensor, place, ReadScales(tensor, block), tables);
            EncodedScales next = default;
            if (TRule.StateCount > 0 && TState0.HasBlocks)
                next.Scale0 = Ptx.MaxOfWarp(GpuNumbers.Largest(values.State0, place));
            if (TRule.StateCount > 1 && TState1.HasBlocks)
                next.Scale1 = Ptx.MaxOfWarp(GpuNumbers.Largest(values.State1, place));
            if (TRule.StateCount > 2 && TState2.HasBlocks)
                next.Scale2 = Ptx.MaxOfWarp(GpuNumbers.Largest(values.State2, place));
            parameter = Write(values, tensor, place, next, lane, isAlone: false, tables);
            if (HasBlocks && lane == 0)
                WriteScales(tensor, block, next);
        }
        Average(averages, tensor, place, parameter);
    }

    /// <summary>What a rule makes of a thread's numbers. All that is read is read before any of it is decoded.</summary>
    [MethodImpl(Inline)]
    private static EncodedValues Move(TRule rule, EncodedChunk tensor, GpuPlace place, EncodedScales scales, GpuTables tables = default)
    {
        var gradients = GpuWords.Load(TGradient.Size, tensor.Gradient, place);
        var parameters = GpuWords.Load(TParameter.NumberSize, tensor.Parameter, place);
        GpuWords rests = default, numbers0 = default, numbers1 = default, numbers2 = default, none = default;
        if (TParameter.CompanionSize > 0)
            rests = GpuWords.Load(TParameter.CompanionSize, tensor.Rest, place);
        if (TRule.StateCount > 0 && tensor.State0 != 0)
            numbers0 = GpuWords.Load(TState0.NumberSize, tensor.State0, place);
        if (TRule.StateCount > 1 && tensor.State1 != 0)
            numbers1 = GpuWords.Load(TState1.NumberSize, tensor.State1, place);
        if (TRule.StateCount > 2 && tensor.State2 != 0)
            numbers2 = GpuWords.Load(TState2.NumberSize, tensor.State2, place);

        var p = new Lane<GpuFloats8, Float32Format>(GpuNumbers.Decode<TParameter>(parameters, rests, 0));
        var g = new Lane<GpuFloats8, Float32Format>(GpuNumbers.Decode<GpuFormat<TGradient>>(gradients, none, 0));
        Lane<GpuFloats8, Float32Format> s0 = new(GpuFloats8.Create(0)), s1 = s0, s2 = s0;
        if (TRule.StateCount > 0)
            s0 = new(GpuNumbers.Decode<TState0>(numbers0, none, scales.Scale0, tables));
        if (TRule.StateCount > 1)
            s1 = new(GpuNumbers.Decode<TState1>(numbers1, none, scales.Scale1, tables));
        if (TRule.StateCount > 2)
            s2 = new(GpuNumbers.Decode<TState2>(numbers2, none, scales.Scale2, tables));
        rule.Apply(ref p, g, ref s0, ref s1, ref s2);
        return new() { Parameter = p.Value, State0 = s0.Value, State1 = s1.Value, State2 = s2.Value };
    }

    /// <summary>Encodes a thread's numbers.</summary>
    /// <returns>The parameter's.</returns>
    [MethodImpl(Inline)]
    private static GpuWords Write(EncodedValues values, EncodedChunk tensor, GpuPlace place, EncodedScales largest, int lane, bool isAlone, GpuTables tables = default)
    {
        var parameter = Write<TParameter>(values.Parameter, tensor, tensor.Parameter, tensor.Rest, place, 0, 0, lane, isAlone, default);
        if (TRule.StateCount > 0 && tensor.State0 != 0)
            Write<TState0>(values.State0, tensor, tensor.State0, 0, place, TState0.ScaleOf(largest.Scale0).Y, 1, lane, isAlone, tables);
        if (TRule.StateCount > 1 && tensor.State1 != 0)
            Write<TState1>(values.State1, tensor, tensor.State1, 0, place, TState1.ScaleOf(largest.Scale1).Y, 2, lane, isAlone, tables);
        if (TRule.StateCount > 2 && tensor.State2 != 0)
            Write<TState2>(values.State2, tensor, tensor.State2, 0, place, TState2.ScaleOf(largest.Scale2).Y, 3, lane, isAlone, tables);
        return parameter;
    }

    [MethodImpl(Inline)]
    private static GpuWords Write<TEncoding>(
        GpuFloats8 values, EncodedChunk tensor, long numbers, long companion, GpuPlace place, uint factor, uint use, int lane, bool isAlone, GpuTables tables)
        where TEncoding : IGpuEncoding
    {
        GpuRandom random = default;
        if (TEncoding.IsRandom)
        {
            var stream = new RandomStream(tensor.Key, tensor.Start, tensor.Step, use);
            random = isAlone ? GpuRandom.Of(stream, place) : GpuRandom.OfWarp(stream, place, lane);
        }
        var words = GpuNumbers.Encode<TEncoding>(values, factor, random, out var companions, tables);
        words.Store(TEncoding.NumberSize, numbers, place);
        if (TEncoding.CompanionSize > 0)
            companions.Store(TEncoding.CompanionSize, companion, place);
        return words;
    }

    /// <summary>Takes parameters into their average: what was stored of them, or is, where they were not updated.</summary>
    [MethodImpl(Inline)]
    private static void Average(ArrayView<AverageRule> averages, EncodedChunk tensor, GpuPlace place, GpuWords parameter)
    {
        if (tensor.Average == 0)
            return;
        if (tensor.Gradient == 0)
            parameter = GpuWords.Load(TElement.Size, tensor.Parameter, place);
        GpuWords none = default;
        var stored = new Lane<GpuFloats8, TElement>(GpuNumbers.Decode<GpuFormat<TElement>>(parameter, none, 0));
        Lane<GpuFloats8, TElement> average = new(GpuNumbers.Decode<GpuFormat<TElement>>(GpuWords.Load(TElement.Size, tensor.Average, place), none, 0)), unused = average;
        averages[0].Apply(ref average, stored, ref unused, ref unused, ref unused);
        GpuRandom random = default;
        GpuNumbers.Encode<GpuFormat<TElement>>(average.Value, 0, random, out _).Store(TElement.Size, tensor.Average, place);
    }

    [MethodImpl(Inline)]
    private static EncodedScales ReadScales(EncodedChunk tensor, int block)
    {
        EncodedScales scales = default;
        if (TRule.StateCount > 0 && TState0.HasBlocks && tensor.State0 != 0)
            scales.Scale0 = Ptx.LoadOne(ScaleAt(tensor.Scales0, block));
        if (TRule.StateCount > 1 && TState1.HasBlocks && tensor.State1 != 0)
            scales.Scale1 = Ptx.LoadOne(ScaleAt(tensor.Scales1, block));
        if (TRule.StateCount > 2 && TState2.HasBlocks && tensor.State2 != 0)
            scales.Scale2 = Ptx.LoadOne(ScaleAt(tensor.Scales2, block));
        return scales;
    }

    [MethodImpl(Inline)]
    private static void WriteScales(EncodedChunk tensor, int block, EncodedScales largest)
    {
        if (TRule.StateCount > 0 && TState0.HasBlocks && tensor.State0 != 0)
            Ptx.StoreOne(ScaleAt(tensor.Scales0, block), TState0.ScaleOf(largest.Scale0).X);
        if (TRule.StateCount > 1 && TState1.HasBlocks && tensor.State1 != 0)
            Ptx.StoreOne(ScaleAt(tensor.Scales1, block), TState1.ScaleOf(largest.Scale1).X);
        if (TRule.StateCount > 2 && TState2.HasBlocks && tensor.State2 != 0)
            Ptx.StoreOne(ScaleAt(tensor.Scales2, block), TState2.ScaleOf(largest.Scale2).X);
    }

    [MethodImpl(Inline)]
    private static uint* ScaleAt(long scales, int block) => (uint*)Ptx.Place(scales, block / EncodedStretch.BlockLength, sizeof(float));
}
