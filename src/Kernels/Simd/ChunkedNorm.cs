using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Norms;

namespace GpuOptim.Kernels.Simd;

/// <summary>Accumulates norms in the order of <see cref="SquareSums"/>.</summary>
internal static unsafe class ChunkedNorm<TFormat, TNorm>
    where TFormat : IFormat
    where TNorm : INorm
{
    /// <summary>What is accumulated of some numbers.</summary>
    public static double Run(Workers workers, void* numbers, long length)
    {
        var chunks = (int)SquareSums.Chunks(length);
        var sums = Scratch.Sums(chunks);
        RunChunks(workers, numbers, length, sums);
        return ChunkedNorm<TNorm>.Fold(new(sums, chunks));
    }

    /// <summary>What is accumulated of each chunk.</summary>
    public static void RunChunks(Workers workers, void* numbers, long length, double* sums)
    {
        var job = new Job(numbers, length, sums);
        workers.Run(ref job, (int)SquareSums.Chunks(length));
    }

    private readonly struct Job(void* numbers, long length, double* sums) : IChunkedJob
    {
        public void Run(int chunk)
        {
            var start = (long)chunk * SquareSums.ChunkLength;
            sums[chunk] = length - start >= SquareSums.ChunkLength ? Sum((byte*)numbers + start * TFormat.Size) : SumLast(start);
        }

        /// <summary>The last chunk, filled up with zeros, which change nothing.</summary>
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
                    first = TNorm.Accumulate(first, lower);
                    second = TNorm.Accumulate(second, upper);
                }
                strands[strand] = Strand(first);
                strands[strand + 1] = Strand(second);
            }
            return ChunkedNorm<TNorm>.FoldStrands(strands);
        }

        private static double Strand(Vector256<double> sums) => TNorm.Combine(TNorm.Combine(sums[0], sums[2]), TNorm.Combine(sums[1], sums[3]));
    }
}
