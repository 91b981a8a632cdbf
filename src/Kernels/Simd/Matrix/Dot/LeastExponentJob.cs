using System.Runtime.Intrinsics;

namespace GpuOptim.Kernels.Simd.Matrix.Dot;

/// <summary>Finds how small the numbers of a bfloat16 matrix are.</summary>
internal unsafe struct LeastExponentJob : IChunkedJob
{
    private const int ChunkLength = 1 << 15;

    /// <summary>What stands for an exponent where a number is subnormal: too small with any other.</summary>
    private const int Subnormal = -1024;

    private readonly ushort* _numbers;
    private readonly long _length;

    /// <summary>The bits of the smallest magnitude but zero, less one, which makes zero the largest.</summary>
    private int _least;

    private LeastExponentJob(MatrixBatch matrix)
    {
        _numbers = (ushort*)matrix.Address;
        _length = matrix.Length;
        _least = ushort.MaxValue;
    }

    /// <summary>The exponent, as floats have it, of the smallest number but zero: above all others if there is none, far below if one is subnormal.</summary>
    public static int Run(Workers workers, MatrixBatch matrix)
    {
        var job = new LeastExponentJob(matrix);
        workers.Run(ref job, (int)((matrix.Length + ChunkLength - 1) / ChunkLength), isShort: true);
        var exponent = (job._least + 1) >> 7;
        return exponent == 0 ? Subnormal : exponent;
    }

    public void Run(int chunk)
    {
        var start = (nint)chunk * ChunkLength;
        var least = Least(_numbers + start, (int)Math.Min(ChunkLength, _length - start));
        for (var known = _least; least < known; known = _least)
        {
            if (Interlocked.CompareExchange(ref _least, least, known) == known)
                break;
        }
    }

    private static int Least(ushort* numbers, int count)
    {
        var vector = Vector512.Create(ushort.MaxValue);
        var i = 0;
        for (; i <= count - Vector512<ushort>.Count; i += Vector512<ushort>.Count)
            vector = Vector512.Min(vector, (Vector512.Load(numbers + i) & Vector512.Create((ushort)0x7FFF)) - Vector512<ushort>.One);
        var least = ushort.MaxValue;
        for (var lane = 0; lane < Vector512<ushort>.Count; lane++)
            least = Math.Min(least, vector[lane]);
        for (; i < count; i++)
            least = Math.Min(least, (ushort)((numbers[i] & 0x7FFF) - 1));
        return least;
    }
}
