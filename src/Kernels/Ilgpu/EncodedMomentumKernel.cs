using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Encodings;
using GpuOptim.Kernels.Ilgpu.Encodings;
using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Norms;
using GpuOptim.Kernels.Rules;
using ILGPU;
using ILGPU.Runtime;

namespace GpuOptim.Kernels.Ilgpu;

/// <summary>The <see cref="MomentumKernel{TRule, TElement, TGradient, TState, TCompute}"/> of encoded state.</summary>
internal static class EncodedMomentumKernel
{
    /// <summary>Threads of a group: each has all of two strands, twice four neighbours at a time.</summary>
    public const int GroupSize = NormOrder.Strands / 2;
}

/// <inheritdoc cref="EncodedMomentumKernel"/>
/// <typeparam name="TRule">The rule, which does not look at what the direction was.</typeparam>
/// <typeparam name="TElement">Type of the directions.</typeparam>
/// <typeparam name="TGradient">Type of gradients.</typeparam>
/// <typeparam name="TState">How the state lies in memory.</typeparam>
internal static unsafe class EncodedMomentumKernel<TRule, TElement, TGradient, TState>
    where TRule : unmanaged, IUpdateRule
    where TElement : IFormat
    where TGradient : IFormat
    where TState : IGpuEncoding
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    /// <summary>Makes the chunk of the group, and its sum.</summary>
    /// <param name="chunks">A chunk for each group.</param>
    /// <param name="segments">The tensors.</param>
    /// <param name="encoded">Where they have what, with directions in place of parameters.</param>
    /// <param name="gradients">Address of each tensor's gradient; 0 leaves its direction and its sums as they are.</param>
    /// <param name="ruleIndices">For each tensor, the index of its rule.</param>
    /// <param name="rules">The rules.</param>
    /// <param name="sums">The sum of each chunk.</param>
    [LaunchBounds(EncodedMomentumKernel.GroupSize, 4)]
    public static void Run(
        ArrayView<GpuChunk> chunks,
        ArrayView<GpuSegment> segments,
        ArrayView<EncodedTensor> encoded,
        ArrayView<long> gradients,
        ArrayView<int> ruleIndices,
        ArrayView<NumberedRule<TRule>> rules,
        ArrayView<double> sums)
    {
        var strands = SharedMemory.Allocate1D<double>(NormOrder.Strands);
        GpuTables tables = default;
        if (TRule.StateCount > 0 && TState.HasTable)
        {
            var memory = SharedMemory.Allocate<UInt4>(GpuTables.AllLength).AsAligned(16);
            tables = new(TensorCore.SharedAddress(ref memory[0]));
            GpuNumbers.WriteTable<TState>(memory);
            Group.Barrier();
        }
        var chunk = chunks[Grid.IdxX];
        var gradient = gradients[chunk.Segment];
        if (gradient == 0)
            return;
        var rule = rules[ruleIndices[chunk.Segment]];
        var tensor = Chunk(chunk, segments[chunk.Segment], encoded[chunk.Segment], gradient, rule.Step);
        var lane = Group.IdxX % GpuPlace.Warp;
        var first = Group.IdxX / GpuPlace.Warp * EncodedStretch.BlockLength;
        GpuSquares lower = default, upper = default;
        for (var block = first; block < tensor.End; block += Group.DimX * GpuPlace.Length)
        {
            var place = GpuPlace.OfLane(block, lane, tensor.End, tensor.IsAligned);
            var direction = UpdateBlock(rule.Rule, tensor, place, block, lane, tables);
            lower.Add(direction.Lower.ToFloat4(), place.End - place.Lower);
            upper.Add(direction.Upper.ToFloat4(), place.End - place.Upper);
        }
        strands[first / NormOrder.QuadLength + lane] = lower.Sum;
        strands[first / NormOrder.QuadLength + lane + GpuPlace.Warp] = upper.Sum;
        var sum = GpuNorm.Fold<TwoNorm>(strands);
        if (Group.IdxX == 0)
            sums[Grid.IdxX] = sum;
    }

    /// <summary>The same by a group of one thread, on a CPU: it looks for a block's largest magnitude first, and sums what it wrote.</summary>
    public static void RunAlone(
        ArrayView<GpuChunk> chunks,
        ArrayView<GpuSegment> segments,
        ArrayView<EncodedTensor> encoded,
        ArrayView<long> gradients,
        ArrayView<int> ruleIndices,
        ArrayView<NumberedRule<TRule>> rules,
        ArrayView<double> sums)
    {
        var strands = SharedMemory.Allocate1D<double>(NormOrder.Strands);
        var chunk = chunks[Grid.IdxX];
        var gradient = gradients[chunk.Segment];
        if (gradient == 0)
            return;
        var rule = rules[ruleIndices[chunk.Segment]];
        var tensor = Chunk(chunk, segments[chunk.Segment], encoded[chunk.Segment], gradient, rule.Step);
        for (var block = 0; block < tensor.End; block += EncodedStretch.BlockLength)
        {
            var scale = ReadScale(tensor, block);
            var largest = 0u;
            for (var lane = 0; TState.HasBlocks && lane < GpuPlace.Warp; lane++)
            {
                var place = GpuPlace.OfLane(block, lane, tensor.End, isAligned: 0);
                largest = IntrinsicMath.Max(largest, GpuNumbers.Largest(Move(rule.Rule, tensor, place, scale).State0, place));
            }
            for (var lane = 0; lane < GpuPlace.Warp; lane++)
            {
                var place = GpuPlace.OfLane(block, lane, tensor.End, isAligned: 0);
                Write(Move(rule.Rule, tensor, place, scale), tensor, place, largest, lane, isAlone: true);
            }
            WriteScale(tensor, block, largest);
        }
        for (var strand = 0; strand < NormOrder.Strands; strand++)
        {
            GpuSquares squares = default;
            for (var i = strand * NormOrder.QuadLength; i < tensor.End; i += NormOrder.Strands * NormOrder.QuadLength)
                squares.Add(new(Square(tensor, i), Square(tensor, i + 1), Square(tensor, i + 2), Square(tensor, i + 3)), tensor.End - i);
            strands[strand] = squares.Sum;
        }
        sums[Grid.IdxX] = GpuNorm.Fold<TwoNorm>(strands);
    }

    [MethodImpl(Inline)]
    private static EncodedChunk Chunk(GpuChunk chunk, GpuSegment segment, EncodedTensor tensor, long gradient, uint step)
    {
        segment.Average = 0;
        tensor.Rest = 0;
        tensor.State1 = 0;
        tensor.State2 = 0;
        return EncodedChunk.Of<TElement, GpuFormat<TElement>, TGradient, TState, TState, TState>(chunk, segment, tensor, gradient, step);
    }

    [MethodImpl(Inline)]
    private static float Square(EncodedChunk tensor, int i) => i < tensor.End ? TElement.Load<GpuFloats1>((void*)Ptx.Place(tensor.Parameter, i, TElement.Size)).Value : 0;

    [MethodImpl(Inline)]
    private static GpuFloats8 UpdateBlock(TRule rule, EncodedChunk tensor, GpuPlace place, int block, int lane, GpuTables tables)
    {
        var values = Move(rule, tensor, place, ReadScale(tensor, block), tables);
        var largest = 0u;
        if (TState.HasBlocks)
            largest = Ptx.MaxOfWarp(GpuNumbers.Largest(values.State0, place));
        var direction = Write(values, tensor, place, largest, lane, isAlone: false, tables);
        if (TState.HasBlocks && lane == 0)
            WriteScale(tensor, block, largest);
        return direction;
    }

    [MethodImpl(Inline)]
    private static EncodedValues Move(TRule rule, EncodedChunk tensor, GpuPlace place, uint scale, GpuTables tables = default)
    {
        GpuWords numbers = default, none = default;
        var gradients = GpuWords.Load(TGradient.Size, tensor.Gradient, place);
        if (TRule.StateCount > 0 && tensor.State0 != 0)
            numbers = GpuWords.Load(TState.NumberSize, tensor.State0, place);
        var g = new Lane<GpuFloats8, Float32Format>(GpuNumbers.Decode<GpuFormat<TGradient>>(gradients, none, 0));
        Lane<GpuFloats8, Float32Format> direction = new(GpuFloats8.Create(0)), s0 = direction, s1 = direction, s2 = direction;
        if (TRule.StateCount > 0)
            s0 = new(GpuNumbers.Decode<TState>(numbers, none, scale, tables));
        rule.Apply(ref direction, g, ref s0, ref s1, ref s2);
        return new() { Parameter = direction.Value, State0 = s0.Value };
    }

    /// <summary>Writes a thread's numbers.</summary>
    /// <returns>The directions as they were rounded.</returns>
    [MethodImpl(Inline)]
    private static GpuFloats8 Write(EncodedValues values, EncodedChunk tensor, GpuPlace place, uint largest, int lane, bool isAlone, GpuTables tables = default)
    {
        GpuRandom random = default;
        GpuWords none = default;
        var directions = GpuNumbers.Encode<GpuFormat<TElement>>(values.Parameter, 0, random, out _);
        directions.Store(TElement.Size, tensor.Parameter, place);
        if (TRule.StateCount > 0 && tensor.State0 != 0)
        {
            if (TState.IsRandom)
            {
                var stream = new RandomStream(tensor.Key, tensor.Start, tensor.Step, 1);
                random = isAlone ? GpuRandom.Of(stream, place) : GpuRandom.OfWarp(stream, place, lane);
            }
            GpuNumbers.Encode<TState>(values.State0, TState.ScaleOf(largest).Y, random, out _, tables).Store(TState.NumberSize, tensor.State0, place);
        }
        return GpuNumbers.Decode<GpuFormat<TElement>>(directions, none, 0);
    }

    [MethodImpl(Inline)]
    private static uint ReadScale(EncodedChunk tensor, int block) => TState.HasBlocks && tensor.State0 != 0 ? Ptx.LoadOne(ScaleAt(tensor, block)) : 0;

    [MethodImpl(Inline)]
    private static void WriteScale(EncodedChunk tensor, int block, uint largest)
    {
        if (TState.HasBlocks && tensor.State0 != 0)
            Ptx.StoreOne(ScaleAt(tensor, block), TState.ScaleOf(largest).X);
    }

    [MethodImpl(Inline)]
    private static uint* ScaleAt(EncodedChunk tensor, int block) => (uint*)Ptx.Place(tensor.Scales0, block / EncodedStretch.BlockLength, sizeof(float));
}
