using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Simd;

/// <summary>
/// Sums squares in double precision, in an order that depends on the length alone: eight sums side by side over stretches of equal length,
/// added in order. The result is the same for any number of threads and any vector width.
/// </summary>
internal static unsafe class SumOfSquares<TFormat> where TFormat : IFormat
{
    private const long ChunkLength = 1 << 15;

    public static double Run(Workers workers, void* numbers, long length)
    {
        var chunks = (int)((length + ChunkLength - 1) / ChunkLength);
        var sums = Scratch.Sums(chunks);
        var job = new Job(numbers, length, sums);
        workers.Run(ref job, chunks);
        var sum = 0.0;
        for (var chunk = 0; chunk < chunks; chunk++)
            sum += sums[chunk];
        return sum;
    }

    private readonly struct Job(void* numbers, long length, double* sums) : IChunkedJob
    {
        public void Run(int chunk) =>
            sums[chunk] = Sum((nint)(chunk * ChunkLength), (nint)Math.Min(length, (chunk + 1) * ChunkLength));

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private double Sum(nint start, nint end)
        {
            var eight = Vector512<double>.Zero;
            var buffer = stackalloc float[8];
            var i = start;
            for (; i <= end - 8; i += 8)
            {
                Floats4.Store(Elements<TFormat>.Load<Floats4>(numbers, i), buffer);
                Floats4.Store(Elements<TFormat>.Load<Floats4>(numbers, i + 4), buffer + 4);
                var (lower, upper) = Vector256.Widen(Vector256.Load(buffer));
                var wide = Vector512.Create(lower, upper);
                eight += wide * wide;
            }
            var sum = 0.0;
            for (var j = 0; j < 8; j++)
                sum += eight[j];
            for (; i < end; i++)
            {
                float number;
                Floats1.Store(Elements<TFormat>.Load<Floats1>(numbers, i), &number);
                sum += (double)number * number;
            }
            return sum;
        }
    }
}
