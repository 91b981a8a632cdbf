using System.Numerics;
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
    private const int Stride = NormOrder.Strands * NormOrder.QuadLength;

    /// <summary>Numbers of two strands, which are worked on together.</summary>
    private const int Step = 2 * NormOrder.QuadLength;

    /// <summary>What is accumulated of some numbers.</summary>
    public static double Run(Workers workers, void* numbers, long length)
    {
        var chunks = (int)NormOrder.Chunks(length);
        var sums = Scratch.Sums(chunks);
        var job = new Job(numbers, length, sums);
        workers.Run(ref job, chunks);
        return ChunkedNorm<TNorm>.Fold(new(sums, chunks));
    }

    /// <summary>The same on one thread, which needs no memory for it.</summary>
    public static double Run(void* numbers, long length)
    {
        var chunks = NormOrder.Chunks(length);
        if (chunks == 1)
            return Sum(numbers, length, 0);
        var strands = stackalloc double[NormOrder.Strands];
        new Span<double>(strands, NormOrder.Strands).Clear();
        for (var chunk = 0L; chunk < chunks; chunk++)
        {
            ref var strand = ref strands[chunk % NormOrder.Strands];
            strand = TNorm.Combine(strand, Sum(numbers, length, chunk));
        }
        return ChunkedNorm<TNorm>.FoldStrands(strands, NormOrder.Strands);
    }

    /// <summary>What is accumulated of one chunk.</summary>
    /// <param name="numbers">The numbers of all chunks.</param>
    /// <param name="length">How many there are.</param>
    /// <param name="chunk">The chunk's index.</param>
    public static double Sum(void* numbers, long length, long chunk)
    {
        var start = chunk * NormOrder.ChunkLength;
        var first = (byte*)numbers + start * TFormat.Size;
        return length - start >= NormOrder.ChunkLength ? SumAll(first) : SumSome(first, (int)(length - start));
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double SumAll(void* chunk)
    {
        var strands = stackalloc double[NormOrder.Strands];
        for (nint strand = 0; strand < NormOrder.Strands; strand += 2)
        {
            Vector256<double> first = default, second = default;
            // Four times, as a chunk has; the compiler unrolls no loop over vectors.
            var i = strand * NormOrder.QuadLength;
            Prefetch(chunk, i);
            Prefetch(chunk, i + Stride);
            Prefetch(chunk, i + 2 * Stride);
            Prefetch(chunk, i + 3 * Stride);
            Accumulate(chunk, i, ref first, ref second);
            Accumulate(chunk, i + Stride, ref first, ref second);
            Accumulate(chunk, i + 2 * Stride, ref first, ref second);
            Accumulate(chunk, i + 3 * Stride, ref first, ref second);
            Combine(first, second).Store(strands + strand);
        }
        return ChunkedNorm<TNorm>.FoldStrands(strands, NormOrder.Strands);
    }

    /// <summary>The same of the beginning of a chunk, as if zeros, which change nothing, were the rest.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double SumSome(void* numbers, int length)
    {
        var strands = stackalloc double[NormOrder.Strands];
        var chunk = stackalloc byte[NormOrder.ChunkLength * TFormat.Size];
        var padded = (length + Step - 1) / Step * Step;
        Unsafe.CopyBlockUnaligned(chunk, numbers, (uint)(length * TFormat.Size));
        Unsafe.InitBlockUnaligned(chunk + length * TFormat.Size, 0, (uint)((padded - length) * TFormat.Size));

        var used = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Min(padded, Stride) / NormOrder.QuadLength);
        for (nint strand = 0; strand < used; strand += 2)
        {
            Vector256<double> first = default, second = default;
            for (var i = strand * NormOrder.QuadLength; i < padded; i += Stride)
                Accumulate(chunk, i, ref first, ref second);
            Combine(first, second).Store(strands + strand);
        }
        return ChunkedNorm<TNorm>.FoldStrands(strands, used);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Accumulate(void* chunk, nint i, ref Vector256<double> first, ref Vector256<double> second)
    {
        var (lower, upper) = Vector256.Widen(Elements<TFormat>.Load<Floats8>(chunk, i).Vector);
        first = TNorm.Accumulate(first, lower);
        second = TNorm.Accumulate(second, upper);
    }

    /// <summary>Asks for the numbers a chunk ahead: a stride is a page of memory, and the processor asks no page ahead by itself.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch(void* chunk, nint i)
    {
        if (Sse.IsSupported)
            Sse.Prefetch0((byte*)chunk + (i + NormOrder.ChunkLength) * TFormat.Size);
    }

    /// <summary>Two strands, of the numbers of each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<double> Combine(Vector256<double> first, Vector256<double> second)
    {
        var (firstHalf, secondHalf) = (TNorm.Combine(first.GetLower(), first.GetUpper()), TNorm.Combine(second.GetLower(), second.GetUpper()));
        return TNorm.Combine(Vector128.Create(firstHalf[0], secondHalf[0]), Vector128.Create(firstHalf[1], secondHalf[1]));
    }

    private readonly struct Job(void* numbers, long length, double* sums) : IChunkedJob
    {
        public void Run(int chunk) => sums[chunk] = Sum(numbers, length, chunk);
    }
}
