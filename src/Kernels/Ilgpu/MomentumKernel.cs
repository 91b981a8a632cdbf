using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Norms;
using GpuOptim.Kernels.Rules;
using ILGPU;

namespace GpuOptim.Kernels.Ilgpu;

/// <summary>
/// The first half of an update that orthogonalizes, for matrices of one shape: a rule makes directions of gradients and state, and the squares of
/// what is written are summed on the way, in the order of <see cref="NormOrder"/>.
/// </summary>
/// <typeparam name="TRule">The rule, which does not look at what the direction was.</typeparam>
/// <typeparam name="TElement">Type of the directions.</typeparam>
/// <typeparam name="TGradient">Type of gradients.</typeparam>
/// <typeparam name="TState">Type of the state.</typeparam>
/// <typeparam name="TCompute">Type computed in: the state's, or float.</typeparam>
internal static unsafe class MomentumKernel<TRule, TElement, TGradient, TState, TCompute>
    where TRule : unmanaged, IUpdateRule
    where TElement : IFormat
    where TGradient : IFormat
    where TState : IFormat
    where TCompute : IFormat
{
    /// <summary>Makes the chunk of the group, and its sum.</summary>
    /// <param name="chunks">A chunk for each group.</param>
    /// <param name="segments">The tensors, with directions in place of parameters.</param>
    /// <param name="gradients">Address of each tensor's gradient; 0 leaves its direction and its sums as they are.</param>
    /// <param name="ruleIndices">For each tensor, the index of its rule.</param>
    /// <param name="rules">The rules.</param>
    /// <param name="sums">The sum of each chunk.</param>
    public static void Run(
        ArrayView<GpuChunk> chunks, ArrayView<GpuSegment> segments, ArrayView<long> gradients, ArrayView<int> ruleIndices, ArrayView<TRule> rules, ArrayView<double> sums)
    {
        var strands = SharedMemory.Allocate1D<double>(NormOrder.Strands);
        var chunk = chunks[Grid.IdxX];
        var gradient = gradients[chunk.Segment];
        if (gradient == 0)
            return;
        var segment = segments[chunk.Segment];
        var rule = rules[ruleIndices[chunk.Segment]];
        var start = (long)chunk.Index * NormOrder.ChunkLength;
        var end = IntrinsicMath.Min(start + NormOrder.ChunkLength, segment.Length);
        var isAligned = (segment.Parameter | segment.State0 | gradient) % 16 == 0;

        for (var strand = Group.IdxX; strand < NormOrder.Strands; strand += Group.DimX)
        {
            double sum0 = 0, sum1 = 0, sum2 = 0, sum3 = 0;
            for (var i = start + strand * NormOrder.QuadLength; i < end; i += NormOrder.Strands * NormOrder.QuadLength)
            {
                if (isAligned && i + NormOrder.QuadLength <= end)
                {
                    var four = UpdateMomentum<GpuFloats4>(rule, segment, gradient, i).ToFloat4();
                    sum0 += Square(four.X);
                    sum1 += Square(four.Y);
                    sum2 += Square(four.Z);
                    sum3 += Square(four.W);
                    continue;
                }
                sum0 += Square(UpdateMomentum<GpuFloats1>(rule, segment, gradient, i).Value);
                if (i + 1 < end)
                    sum1 += Square(UpdateMomentum<GpuFloats1>(rule, segment, gradient, i + 1).Value);
                if (i + 2 < end)
                    sum2 += Square(UpdateMomentum<GpuFloats1>(rule, segment, gradient, i + 2).Value);
                if (i + 3 < end)
                    sum3 += Square(UpdateMomentum<GpuFloats1>(rule, segment, gradient, i + 3).Value);
            }
            strands[strand] = sum0 + sum2 + (sum1 + sum3);
        }
        var sum = GpuNorm.Fold<TwoNorm>(strands);
        if (Group.IdxX == 0)
            sums[Grid.IdxX] = sum;
    }

    private static TFloats UpdateMomentum<TFloats>(TRule rule, GpuSegment segment, long gradient, long i) where TFloats : unmanaged, IFloats<TFloats>
    {
        var state = (void*)(segment.State0 + i * TState.Size);
        var g = new Lane<TFloats, TCompute>(TGradient.Load<TFloats>((void*)(gradient + i * TGradient.Size)));
        Lane<TFloats, TCompute> direction = new(TFloats.Create(0)), s0 = direction, s1 = direction, s2 = direction;
        if (TRule.StateCount > 0 && segment.State0 != 0)
            s0 = new(TState.Load<TFloats>(state));
        rule.Apply(ref direction, g, ref s0, ref s1, ref s2);
        if (TRule.StateCount > 0 && segment.State0 != 0)
            TState.Store(Rounded<TFloats, TState>(s0.Value), state);

        var result = Rounded<TFloats, TElement>(direction.Value);
        TElement.Store(result, (void*)(segment.Parameter + i * TElement.Size));
        return result;
    }

    /// <summary>What is stored of what was computed: rounded, unless all of it is. What a rule only passes on is as it was loaded.</summary>
    private static TFloats Rounded<TFloats, TFormat>(TFloats value)
        where TFloats : unmanaged, IFloats<TFloats>
        where TFormat : IFormat =>
        TFormat.Type == TCompute.Type && (TGradient.Type == TCompute.Type || TCompute.Type == ElementType.Float32) ? value : TFormat.Round(value);

    private static double Square(float value) => (double)value * value;
}
