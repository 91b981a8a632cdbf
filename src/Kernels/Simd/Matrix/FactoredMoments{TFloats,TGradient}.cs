using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Norms;

namespace GpuOptim.Kernels.Simd.Matrix;

/// <summary>Averages the squares of rows and columns of gradients, and makes directions, on the CPU, in the order of <see cref="FactoredShape"/>.</summary>
/// <typeparam name="TFloats">The vector width.</typeparam>
/// <typeparam name="TGradient">The gradients' type.</typeparam>
internal static unsafe class FactoredMoments<TFloats, TGradient>
    where TFloats : unmanaged, IFloats<TFloats>
    where TGradient : IFormat
{
    /// <inheritdoc cref="FactoredMoments.Update(Workers, int, ElementType, FactoredShape, ReadOnlySpan{FactoredMoments.Tensor})"/>
    public static void Update(Workers workers, FactoredShape shape, ReadOnlySpan<FactoredMoments.Tensor> tensors)
    {
        var matrices = tensors.Length * shape.Matrices;
        var bands = (long)matrices * shape.Bands;
        var sums = Scratch.Sums(bands * shape.Columns + matrices);
        var job = new Job(shape, tensors, sums, (float*)(sums + bands * shape.Columns));
        job.Run(workers, Part.Bands, bands, (long)shape.BandRows * shape.Columns);
        job.Run(workers, Part.Averages, matrices, shape.Rows + (long)shape.Bands * shape.Columns);
        job.Run(workers, Part.Directions, bands, (long)shape.BandRows * shape.Columns);
    }

    private enum Part
    {
        /// <summary>Sums the squares of bands' rows and columns, and moves the averages of rows.</summary>
        Bands,

        /// <summary>Moves the averages of matrices' columns, and finds what products of averages are divided by.</summary>
        Averages,

        /// <summary>Writes the directions of bands.</summary>
        Directions,
    }

    /// <summary>A part of the work, on bands or matrices of all tensors.</summary>
    private ref struct Job(FactoredShape shape, ReadOnlySpan<FactoredMoments.Tensor> tensors, double* sums, float* divisors) : IChunkedJob
    {
        /// <summary>Columns that are summed together: a cache line of floats.</summary>
        private const int Width = 16;

        private readonly ReadOnlySpan<FactoredMoments.Tensor> _tensors = tensors;
        private Part _part;
        private long _count;
        private long _perChunk;

        /// <summary>Runs a part.</summary>
        /// <param name="workers">The threads that share it.</param>
        /// <param name="part">The part.</param>
        /// <param name="count">How many bands or matrices there are.</param>
        /// <param name="length">About how many numbers each has: a thread takes enough of them at a time to hide the cost of taking them.</param>
        public void Run(Workers workers, Part part, long count, long length)
        {
            (_part, _count, _perChunk) = (part, count, Math.Max(1, (1 << 15) / length));
            workers.Run(ref this, (int)((count + _perChunk - 1) / _perChunk));
        }

        public readonly void Run(int chunk)
        {
            var end = Math.Min(_count, (chunk + 1) * _perChunk);
            for (var i = chunk * _perChunk; i < end; i++)
            {
                var matrixOfAll = _part == Part.Averages ? i : i / shape.Bands;
                ref readonly var tensor = ref _tensors[(int)(matrixOfAll / shape.Matrices)];
                var matrix = (nint)(matrixOfAll % shape.Matrices);
                float* rows = (float*)tensor.Rows + matrix * shape.Rows, columns = (float*)tensor.Columns + matrix * shape.Columns;
                var first = (int)(i - matrixOfAll * shape.Bands) * shape.BandRows;
                var place = (matrix * shape.Rows + first) * shape.Columns;
                var source = Elements<TGradient>.At((void*)tensor.Gradient, place);
                var count = Math.Min(shape.BandRows, shape.Rows - first);
                if (_part == Part.Bands)
                    SumBand(tensor, source, rows + first, count, sums + i * shape.Columns);
                else if (_part == Part.Averages)
                    Average(tensor, rows, columns, sums + matrixOfAll * shape.Bands * shape.Columns, divisors + matrixOfAll);
                else
                    Direct(tensor, source, rows + first, count, columns, divisors[matrixOfAll], (float*)tensor.Direction + place);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void SumBand(in FactoredMoments.Tensor tensor, void* source, float* rows, int count, double* columnSums)
        {
            for (nint row = 0; row < count; row++)
                Average(tensor, rows + row, ChunkedNorm<TGradient, TwoNorm>.Run(Elements<TGradient>.At(source, row * shape.Columns), shape.Columns) / shape.Columns);
            // The band is still in the cache: columns go down all of it, so that their sums stay in registers.
            nint column = 0;
            for (; column <= shape.Columns - Width; column += Width)
            {
                Vector256<double> sum0 = default, sum1 = default, sum2 = default, sum3 = default;
                for (nint row = 0; row < count; row++)
                {
                    var (lower, upper) = Vector256.Widen(Elements<TGradient>.Load<Floats8>(source, row * shape.Columns + column).Vector);
                    (sum0, sum1) = (TwoNorm.Accumulate(sum0, lower), TwoNorm.Accumulate(sum1, upper));
                    (lower, upper) = Vector256.Widen(Elements<TGradient>.Load<Floats8>(source, row * shape.Columns + column + Floats8.Count).Vector);
                    (sum2, sum3) = (TwoNorm.Accumulate(sum2, lower), TwoNorm.Accumulate(sum3, upper));
                }
                sum0.Store(columnSums + column);
                sum1.Store(columnSums + column + 4);
                sum2.Store(columnSums + column + 8);
                sum3.Store(columnSums + column + 12);
            }
            for (; column < shape.Columns; column++)
            {
                var sum = 0.0;
                for (nint row = 0; row < count; row++)
                {
                    float number;
                    Floats1.Store(Elements<TGradient>.Load<Floats1>(source, row * shape.Columns + column), &number);
                    sum = TwoNorm.Accumulate(sum, number);
                }
                columnSums[column] = sum;
            }
        }

        private readonly void Average(in FactoredMoments.Tensor tensor, float* rows, float* columns, double* columnSums, float* divisor)
        {
            var strands = stackalloc double[NormOrder.Strands];
            new Span<double>(strands, NormOrder.Strands).Clear();
            for (var row = 0; row < shape.Rows; row++)
                strands[row % NormOrder.Strands] += rows[row];
            var mean = ChunkedNorm<TwoNorm>.FoldStrands(strands, NormOrder.Strands) / shape.Rows;
            Floats1.Store(tensor.Rule.Divisor(new Lane<Floats1, Float32Format>(Floats1.Create((float)mean))).Value, divisor);
            for (nint band = 1; band < shape.Bands; band++)
            {
                for (nint column = 0; column < shape.Columns; column++)
                    columnSums[column] += columnSums[band * shape.Columns + column];
            }
            for (nint column = 0; column < shape.Columns; column++)
                Average(tensor, columns + column, columnSums[column] / shape.Rows);
        }

        private static void Average(in FactoredMoments.Tensor tensor, float* average, double mean) =>
            Floats1.Store(tensor.Rule.Average(new Lane<Floats1, Float32Format>(Floats1.Load(average)), new(Floats1.Create((float)mean))).Value, average);

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void Direct(in FactoredMoments.Tensor tensor, void* source, float* rows, int count, float* columns, float divisor, float* direction)
        {
            var rule = tensor.Rule;
            for (nint row = 0; row < count; row++, source = Elements<TGradient>.At(source, shape.Columns), direction += shape.Columns)
            {
                nint column = 0;
                for (; column <= shape.Columns - TFloats.Count; column += TFloats.Count)
                {
                    var variance = new Lane<TFloats, Float32Format>(TFloats.Create(rows[row])).Mul(new Lane<TFloats, Float32Format>(TFloats.Load(columns + column))).Div(divisor);
                    TFloats.Store(rule.Direction(new(Elements<TGradient>.Load<TFloats>(source, column)), variance).Value, direction + column);
                }
                for (; column < shape.Columns; column++)
                {
                    var variance = new Lane<Floats1, Float32Format>(Floats1.Create(rows[row])).Mul(new Lane<Floats1, Float32Format>(Floats1.Load(columns + column))).Div(divisor);
                    Floats1.Store(rule.Direction(new(Elements<TGradient>.Load<Floats1>(source, column)), variance).Value, direction + column);
                }
            }
        }
    }
}
