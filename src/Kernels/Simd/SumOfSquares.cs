using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Simd;

/// <summary>Sums squares in the order of <see cref="SquareSums"/>.</summary>
internal static unsafe class SumOfSquares<TFormat> where TFormat : IFormat
{
    public static double Run(Workers workers, void* numbers, long length)
    {
        var chunks = (int)SquareSums.Chunks(length);
        var sums = Scratch.Sums(chunks);
        var job = new Job(numbers, length, sums);
        workers.Run(ref job, chunks);

        var strands = stackalloc double[SquareSums.Strands];
        new Span<double>(strands, SquareSums.Strands).Clear();
        for (var chunk = 0; chunk < chunks; chunk++)
            strands[chunk % SquareSums.Strands] += sums[chunk];
        return Fold(strands);
    }

    private static double Fold(double* strands)
    {
        for (var half = SquareSums.Strands / 2; half > 0; half /= 2)
        {
            for (var strand = 0; strand < half; strand++)
                strands[strand] += strands[strand + half];
        }
        return strands[0];
    }

    private readonly struct Job(void* numbers, long length, double* sums) : IChunkedJob
    {
        public void Run(int chunk)
        {
            var start = (long)chunk * SquareSums.ChunkLength;
            sums[chunk] = length - start >= SquareSums.ChunkLength ? Sum((byte*)numbers + start * TFormat.Size) : SumLast(start);
        }

        /// <summary>The last chunk, filled up with zeros, which change no sum.</summary>
        private double SumLast(long start)
        {
            var rest = stackalloc byte[SquareSums.ChunkLength * TFormat.Size];
            var bytes = (int)(length - start) * TFormat.Size;
            new ReadOnlySpan<byte>((byte*)numbers + start * TFormat.Size, bytes).CopyTo(new(rest, bytes));
            new Span<byte>(rest + bytes, SquareSums.ChunkLength * TFormat.Size - bytes).Clear();
            return Sum(rest);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static double Sum(void* chunk)
        {
            var strands = stackalloc double[SquareSums.Strands];
            var two = stackalloc float[2 * SquareSums.QuadLength];
            for (nint strand = 0; strand < SquareSums.Strands; strand += 2)
            {
                Vector256<double> first = default, second = default;
                for (var i = strand * SquareSums.QuadLength; i < SquareSums.ChunkLength; i += SquareSums.Strands * SquareSums.QuadLength)
                {
                    Floats4.Store(Elements<TFormat>.Load<Floats4>(chunk, i), two);
                    Floats4.Store(Elements<TFormat>.Load<Floats4>(chunk, i + 4), two + 4);
                    var (lower, upper) = Vector256.Widen(Vector256.Load(two));
                    first += lower * lower;
                    second += upper * upper;
                }
                strands[strand] = Strand(first);
                strands[strand + 1] = Strand(second);
            }
            return Fold(strands);
        }

        private static double Strand(Vector256<double> sums)
        {
            var half = sums.GetLower() + sums.GetUpper();
            return half[0] + half[1];
        }
    }
}
