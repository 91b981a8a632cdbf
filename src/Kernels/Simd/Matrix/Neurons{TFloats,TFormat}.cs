using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Norms;
using GpuOptim.Kernels.Rules;

namespace GpuOptim.Kernels.Simd.Matrix;

/// <summary>Normalizes neurons, the rows of a direction, on the CPU.</summary>
/// <typeparam name="TFloats">The vector width.</typeparam>
/// <typeparam name="TFormat">The direction's element type.</typeparam>
internal static unsafe class Neurons<TFloats, TFormat>
    where TFloats : unmanaged, IFloats<TFloats>
    where TFormat : IFormat
{
    /// <inheritdoc cref="Neurons.Normalize(Workers, int, NeuronRule, MatrixBatch, float*, float*)"/>
    public static void Normalize(Workers workers, NeuronRule rule, MatrixBatch matrix, float* averages, float* result)
    {
        var rows = matrix.Rows;
        var squares = Scratch.Sums(3L * rows);
        var measuring = new Measuring(rule, matrix, averages, squares, squares + rows, (float*)(squares + 2 * rows));
        workers.Run(ref measuring, Chunks(matrix));
        var factor = NeuronRule.Factor(ChunkedNorm<TwoNorm>.Fold(new(squares, rows)), ChunkedNorm<TwoNorm>.Fold(new(squares + rows, rows)));
        var dividing = new Dividing(matrix, measuring.Divisors, factor, result);
        workers.Run(ref dividing, Chunks(matrix));
    }

    /// <summary>Rows that a thread takes at a time: enough of them to hide the cost of taking them.</summary>
    private static int RowsOfChunk(MatrixBatch matrix) => Math.Max(1, (1 << 15) / matrix.Columns);

    private static int Chunks(MatrixBatch matrix) => (matrix.Rows + RowsOfChunk(matrix) - 1) / RowsOfChunk(matrix);

    private static (int First, int End) RowsOf(MatrixBatch matrix, int chunk) => (chunk * RowsOfChunk(matrix), (int)Math.Min(matrix.Rows, (chunk + 1L) * RowsOfChunk(matrix)));

    private static void* Row(MatrixBatch matrix, int row) => (byte*)matrix.Address + (nint)row * matrix.Columns * TFormat.Size;

    /// <summary>Sums the squares of rows, moves their averages, and finds what they are divided by.</summary>
    private readonly struct Measuring(NeuronRule rule, MatrixBatch matrix, float* averages, double* squares, double* divided, float* divisors) : IChunkedJob
    {
        public float* Divisors => divisors;

        public void Run(int chunk)
        {
            var (first, end) = RowsOf(matrix, chunk);
            for (var row = first; row < end; row++)
            {
                squares[row] = ChunkedNorm<TFormat, TwoNorm>.Run(Row(matrix, row), matrix.Columns);
                Lane<Floats1, Float32Format> average = new(Floats1.Load(averages + row)), mean = new(Floats1.Create(NeuronRule.Mean(squares[row], matrix.Columns)));
                Floats1.Store(rule.Divisor(ref average, mean).Value, divisors + row);
                Floats1.Store(average.Value, averages + row);
                divided[row] = NeuronRule.Divided(squares[row], divisors[row]);
            }
        }
    }

    /// <summary>Divides and scales rows.</summary>
    private readonly struct Dividing(MatrixBatch matrix, float* divisors, float factor, float* result) : IChunkedJob
    {
        public void Run(int chunk)
        {
            var (first, end) = RowsOf(matrix, chunk);
            for (var row = first; row < end; row++)
                Divide(Row(matrix, row), result + (nint)row * matrix.Columns, matrix.Columns, divisors[row]);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void Divide(void* source, float* target, nint length, float divisor)
        {
            nint i = 0;
            for (; i <= length - TFloats.Count; i += TFloats.Count)
                TFloats.Store(TFloats.Multiply(TFloats.Divide(Elements<TFormat>.Load<TFloats>(source, i), TFloats.Create(divisor)), TFloats.Create(factor)), target + i);
            for (; i < length; i++)
                Floats1.Store(Floats1.Multiply(Floats1.Divide(Elements<TFormat>.Load<Floats1>(source, i), Floats1.Create(divisor)), Floats1.Create(factor)), target + i);
        }
    }
}
