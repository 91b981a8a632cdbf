using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Norms;

namespace GpuOptim.Kernels.Simd;

/// <summary>Accumulates norms in the order of <see cref="NormOrder"/>.</summary>
internal static unsafe class ChunkedNorm<TFormat, TNorm>
    where TFormat : IFormat
    where TNorm : INorm
{
    private const int Stride = NormOrder.ChunkLength / 4;

    /// <summary>What is accumulated of some numbers.</summary>
    public static double Run(Workers workers, void* numbers, long length)
    {
        var chunks = (int)NormOrder.Chunks(length);
        var sums = Scratch.Sums(chunks);
        RunChunks(workers, numbers, length, sums);
        return ChunkedNorm<TNorm>.Fold(new(sums, chunks));
    }

    /// <summary>What is accumulated of each chunk.</summary>
    public static void RunChunks(Workers workers, void* numbers, long length, double* sums)
    {
        var job = new Job(numbers, length, sums);
        workers.Run(ref job, (int)NormOrder.Chunks(length));
    }

    private readonly struct Job(void* numbers, long length, double* sums) : IChunkedJob
    {
        public void Run(int chunk)
        {
            var start = (long)chunk * NormOrder.ChunkLength;
            sums[chunk] = length - start >= NormOrder.ChunkLength ? Sum((byte*)numbers + start * TFormat.Size) : SumLast(start);
        }

        /// <summary>The last chunk, filled up with zeros, which change nothing.</summary>
        private double SumLast(long start)
        {
            var rest = stackalloc byte[NormOrder.ChunkLength * TFormat.Size];
            var bytes = (int)(length - start) * TFormat.Size;
            new ReadOnlySpan<byte>((byte*)numbers + start * TFormat.Size, bytes).CopyTo(new(rest, bytes));
            new Span<byte>(rest + bytes, NormOrder.ChunkLength * TFormat.Size - bytes).Clear();
            return Sum(rest);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static double Sum(void* chunk)
        {
            var strands = stackalloc double[NormOrder.Strands];
            for (nint strand = 0; strand < NormOrder.Strands; strand += 2)
            {
                Vector256<double> first = default, second = default;
                // Four times, as a chunk has; the compiler unrolls no loop over vectors.
                var i = strand * NormOrder.QuadLength;
                Accumulate(chunk, i, ref first, ref second);
                Accumulate(chunk, i + Stride, ref first, ref second);
                Accumulate(chunk, i + 2 * Stride, ref first, ref second);
                Accumulate(chunk, i + 3 * Stride, ref first, ref second);
                var (firstHalf, secondHalf) = (TNorm.Combine(first.GetLower(), first.GetUpper()), TNorm.Combine(second.GetLower(), second.GetUpper()));
                TNorm.Combine(Vector128.Create(firstHalf[0], secondHalf[0]), Vector128.Create(firstHalf[1], secondHalf[1])).Store(strands + strand);
            }
            return ChunkedNorm<TNorm>.FoldStrands(strands);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Accumulate(void* chunk, nint i, ref Vector256<double> first, ref Vector256<double> second)
        {
            // A stride is a page of memory, and the processor asks no page ahead by itself.
            if (Sse.IsSupported)
                Sse.Prefetch0((byte*)chunk + (i + NormOrder.ChunkLength) * TFormat.Size);
            var (lower, upper) = Vector256.Widen(Elements<TFormat>.Load<Floats8>(chunk, i).Vector);
            first = TNorm.Accumulate(first, lower);
            second = TNorm.Accumulate(second, upper);
        }
    }
}
