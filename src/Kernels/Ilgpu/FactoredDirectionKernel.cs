using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Rules;
using ILGPU;

namespace GpuOptim.Kernels.Ilgpu;

/// <summary>Writes the directions of gradients whose averages of squares are of rows and columns, as floats; a direction may lie where its gradient does.</summary>
/// <typeparam name="TGradient">Type of gradients.</typeparam>
internal static unsafe class FactoredDirectionKernel<TGradient> where TGradient : IFormat
{
    /// <summary>Writes the direction of the group's chunk.</summary>
    /// <param name="shape">The shape of all tensors.</param>
    /// <param name="chunks">A chunk for each group.</param>
    /// <param name="segments">The tensors; in the parameter's place is the direction, and states are averages of rows and columns.</param>
    /// <param name="gradients">Address of each tensor's gradient; of one at 0 there is no direction.</param>
    /// <param name="ruleIndices">For each tensor, the index of its rule.</param>
    /// <param name="rules">The rules.</param>
    /// <param name="divisors">What products of averages are divided by, of each matrix.</param>
    public static void Run(
        FactoredShape shape, ArrayView<GpuChunk> chunks, ArrayView<GpuSegment> segments, ArrayView<long> gradients, ArrayView<int> ruleIndices, ArrayView<AdafactorRule> rules, ArrayView<float> divisors)
    {
        var chunk = chunks[Grid.IdxX];
        var gradient = gradients[chunk.Segment];
        if (gradient == 0)
            return;
        var segment = segments[chunk.Segment];
        var rule = rules[ruleIndices[chunk.Segment]];
        // From here on places count from the chunk's start, and rows from its first, which 32 bits hold.
        var start = (long)chunk.Index * UpdateKernel.ChunkLength;
        var end = (int)IntrinsicMath.Min(UpdateKernel.ChunkLength, segment.Length - start);
        var firstRow = (int)(start / shape.Columns);
        var firstColumn = (int)(start - firstRow * (long)shape.Columns);
        gradient += start * TGradient.Size;
        var direction = segment.Parameter + start * sizeof(float);
        // Where four elements are never of two rows, a thread takes four.
        var i = 0;
        if ((shape.Columns & 3) == 0 && ((gradient | direction | segment.State1) & 15) == 0)
        {
            for (i = Group.IdxX * 4; i <= end - 4; i += Group.DimX * 4)
                Direct<GpuFloats4>(rule, shape, segment, chunk.Segment, divisors, gradient, direction, firstRow, firstColumn, i);
            i = end & -4;
        }
        for (i += Group.IdxX; i < end; i += Group.DimX)
            Direct<GpuFloats1>(rule, shape, segment, chunk.Segment, divisors, gradient, direction, firstRow, firstColumn, i);
    }

    private static void Direct<TFloats>(
        AdafactorRule rule, FactoredShape shape, GpuSegment segment, int tensor, ArrayView<float> divisors, long gradient, long direction, int firstRow, int firstColumn, int i)
        where TFloats : unmanaged, IFloats<TFloats>
    {
        var further = (firstColumn + i) / shape.Columns;
        int row = firstRow + further, column = firstColumn + i - further * shape.Columns;
        var matrix = shape.Matrices == 1 ? 0 : row / shape.Rows;
        Lane<TFloats, Float32Format> ofRow = new(TFloats.Create(Ptx.LoadOne((float*)Ptx.Place(segment.State0, row, sizeof(float))))), ofColumn = Load<TFloats, Float32Format>(segment.State1 + matrix * (long)shape.Columns * sizeof(float), column);
        var variance = ofRow.Mul(ofColumn).Div(divisors[tensor * shape.Matrices + matrix]);
        Float32Format.Store(rule.Direction(Load<TFloats, TGradient>(gradient, i), variance).Value, (void*)Ptx.Place(direction, i, sizeof(float)));
    }

    private static Lane<TFloats, Float32Format> Load<TFloats, TFormat>(long start, int index)
        where TFloats : unmanaged, IFloats<TFloats>
        where TFormat : IFormat => new(TFormat.Load<TFloats>((void*)Ptx.Place(start, index, TFormat.Size)));
}
