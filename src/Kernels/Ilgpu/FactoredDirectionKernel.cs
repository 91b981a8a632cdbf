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
        for (var i = Group.IdxX; i < end; i += Group.DimX)
        {
            var further = (firstColumn + i) / shape.Columns;
            int row = firstRow + further, column = firstColumn + i - further * shape.Columns;
            var matrix = shape.Matrices == 1 ? 0 : row / shape.Rows;
            var variance = Load<Float32Format>(segment.State0, row).Mul(Load<Float32Format>(segment.State1 + matrix * (long)shape.Columns * sizeof(float), column))
                .Div(divisors[chunk.Segment * shape.Matrices + matrix]);
            Float32Format.Store(rule.Direction(Load<TGradient>(gradient, i), variance).Value, (void*)Ptx.Place(direction, i, sizeof(float)));
        }
    }

    private static Lane<GpuFloats1, Float32Format> Load<TFormat>(long start, int index) where TFormat : IFormat =>
        new(TFormat.Load<GpuFloats1>((void*)Ptx.Place(start, index, TFormat.Size)));
}
