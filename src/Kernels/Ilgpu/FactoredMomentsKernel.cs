using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Norms;
using GpuOptim.Kernels.Rules;
using ILGPU;

namespace GpuOptim.Kernels.Ilgpu;

/// <summary>Averages the squares of gradients' rows and columns, in three launches, in the order of <see cref="FactoredShape"/>.</summary>
/// <typeparam name="TGradient">Type of gradients.</typeparam>
internal static unsafe class FactoredMomentsKernel<TGradient> where TGradient : IFormat
{
    /// <summary>Moves the average of the group's row.</summary>
    /// <param name="shape">The shape of all tensors.</param>
    /// <param name="segments">The tensors; their first state is averages of rows, the second those of columns.</param>
    /// <param name="gradients">Address of each tensor's gradient; 0 leaves its averages as they are.</param>
    /// <param name="ruleIndices">For each tensor, the index of its rule.</param>
    /// <param name="rules">The rules.</param>
    public static void Rows(FactoredShape shape, ArrayView<GpuSegment> segments, ArrayView<long> gradients, ArrayView<int> ruleIndices, ArrayView<AdafactorRule> rules)
    {
        var strands = SharedMemory.Allocate1D<double>(NormOrder.Strands);
        var chunkStrands = SharedMemory.Allocate1D<double>(NormOrder.Strands);
        var rows = shape.Matrices * shape.Rows;
        var tensor = Grid.IdxX / rows;
        if (gradients[tensor] == 0)
            return;
        var row = Grid.IdxX - tensor * rows;
        var sum = GpuNorm.Sum<TGradient, TwoNorm>(strands, chunkStrands, gradients[tensor] + row * (long)shape.Columns * TGradient.Size, shape.Columns);
        if (Group.IdxX == 0)
            Average(rules[ruleIndices[tensor]], segments[tensor].State0, row, sum / shape.Columns);
    }

    /// <summary>Sums the squares of a column of a band; each thread has one.</summary>
    /// <param name="shape">The shape of all tensors.</param>
    /// <param name="gradients">Address of each tensor's gradient; 0 leaves its sums as they are.</param>
    /// <param name="sums">The sum of each column of each band.</param>
    public static void Bands(FactoredShape shape, ArrayView<long> gradients, ArrayView<double> sums)
    {
        var index = Grid.IdxX * (long)Group.DimX + Group.IdxX;
        if (index >= sums.Length)
            return;
        var bandOfAll = index / shape.Columns;
        var matrixOfAll = (int)(bandOfAll / shape.Bands);
        var tensor = matrixOfAll / shape.Matrices;
        if (gradients[tensor] == 0)
            return;
        var first = (int)(bandOfAll - matrixOfAll * (long)shape.Bands) * shape.BandRows;
        var end = IntrinsicMath.Min(first + shape.BandRows, shape.Rows);
        var firstRow = (matrixOfAll - tensor * shape.Matrices) * (long)shape.Rows;
        var place = gradients[tensor] + ((firstRow + first) * shape.Columns + (index - bandOfAll * shape.Columns)) * TGradient.Size;
        var stride = shape.Columns * (long)TGradient.Size;
        var sum = 0.0;
        var row = first;
        // Four are on their way from memory while the first is waited for.
        for (; row <= end - 4; row += 4, place += 4 * stride)
        {
            float number0 = At(place), number1 = At(place + stride), number2 = At(place + 2 * stride), number3 = At(place + 3 * stride);
            sum = TwoNorm.Accumulate(TwoNorm.Accumulate(TwoNorm.Accumulate(TwoNorm.Accumulate(sum, number0), number1), number2), number3);
        }
        for (; row < end; row++, place += stride)
            sum = TwoNorm.Accumulate(sum, At(place));
        sums[index] = sum;
    }

    /// <summary>Moves the averages of a matrix's columns, a column each thread; the first group of each matrix finds what products of averages are divided by.</summary>
    /// <param name="shape">The shape of all tensors.</param>
    /// <param name="groups">How many groups share a matrix; all but the first have columns.</param>
    /// <param name="segments">The tensors.</param>
    /// <param name="gradients">Address of each tensor's gradient; 0 leaves its averages as they are.</param>
    /// <param name="ruleIndices">For each tensor, the index of its rule.</param>
    /// <param name="rules">The rules.</param>
    /// <param name="sums">The sum of each column of each band.</param>
    /// <param name="divisors">The divisor of each matrix.</param>
    public static void Columns(
        FactoredShape shape,
        int groups,
        ArrayView<GpuSegment> segments,
        ArrayView<long> gradients,
        ArrayView<int> ruleIndices,
        ArrayView<AdafactorRule> rules,
        ArrayView<double> sums,
        ArrayView<float> divisors)
    {
        var strands = SharedMemory.Allocate1D<double>(NormOrder.Strands);
        var matrixOfAll = Grid.IdxX / groups;
        var tensor = matrixOfAll / shape.Matrices;
        if (gradients[tensor] == 0)
            return;
        var matrix = matrixOfAll - tensor * shape.Matrices;
        var group = Grid.IdxX - matrixOfAll * groups;
        if (group == 0)
        {
            var averages = segments[tensor].State0 + matrix * (long)shape.Rows * sizeof(float);
            for (var strand = Group.IdxX; strand < NormOrder.Strands; strand += Group.DimX)
            {
                var sum = 0.0;
                for (var row = strand; row < shape.Rows; row += NormOrder.Strands)
                    sum += Ptx.LoadOne((float*)Ptx.Place(averages, row, sizeof(float)));
                strands[strand] = sum;
            }
            var mean = GpuNorm.Fold<TwoNorm>(strands) / shape.Rows;
            if (Group.IdxX == 0)
                divisors[matrixOfAll] = rules[ruleIndices[tensor]].Divisor(new Lane<GpuFloats1, Float32Format>(GpuFloats1.Create((float)mean))).Value.Value;
            return;
        }
        var column = (group - 1) * Group.DimX + Group.IdxX;
        if (column >= shape.Columns)
            return;
        var total = 0.0;
        var place = matrixOfAll * (long)shape.Bands * shape.Columns + column;
        for (var band = 0; band < shape.Bands; band++, place += shape.Columns)
            total += sums[place];
        Average(rules[ruleIndices[tensor]], segments[tensor].State1, matrix * (long)shape.Columns + column, total / shape.Rows);
    }

    private static float At(long place) => TGradient.Load<GpuFloats1>((void*)place).Value;

    private static void Average(AdafactorRule rule, long averages, long index, double mean)
    {
        var place = (void*)(averages + index * sizeof(float));
        Lane<GpuFloats1, Float32Format> average = new(Float32Format.Load<GpuFloats1>(place)), squares = new(GpuFloats1.Create((float)mean));
        Float32Format.Store(rule.Average(average, squares).Value, place);
    }
}
