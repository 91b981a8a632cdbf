using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Simd.Matrix;

/// <summary>Eight rows by two vectors: 16 sums for the 32 registers of AVX-512, and 10 loads for 16 multiply-adds.</summary>
internal readonly unsafe struct MatrixTile8<TFloats> : IMatrixTile where TFloats : unmanaged, IFloats<TFloats>
{
    public static int Rows => 8;

    public static int Columns => 2 * TFloats.Count;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(float* left, float* right, nint depth, float* start, float* result, nint stride, bool add, int columns, ref PanelPrefetch ahead)
    {
        if (columns <= TFloats.Count)
            Multiply(1, left, right, depth, start, result, stride, add, ref ahead);
        else
            Multiply(2, left, right, depth, start, result, stride, add, ref ahead);
    }

    /// <remarks>How many vectors of each row are asked for is a constant: inlined, it leaves nothing of the others.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Multiply(int vectors, float* left, float* right, nint depth, float* start, float* result, nint stride, bool add, ref PanelPrefetch ahead)
    {
        TFloats sum00 = default, sum01 = default;
        TFloats sum10 = default, sum11 = default;
        TFloats sum20 = default, sum21 = default;
        TFloats sum30 = default, sum31 = default;
        TFloats sum40 = default, sum41 = default;
        TFloats sum50 = default, sum51 = default;
        TFloats sum60 = default, sum61 = default;
        TFloats sum70 = default, sum71 = default;
        if (start != null)
        {
            Load(vectors, start, ref sum00, ref sum01);
            Load(vectors, start + stride, ref sum10, ref sum11);
            Load(vectors, start + 2 * stride, ref sum20, ref sum21);
            Load(vectors, start + 3 * stride, ref sum30, ref sum31);
            Load(vectors, start + 4 * stride, ref sum40, ref sum41);
            Load(vectors, start + 5 * stride, ref sum50, ref sum51);
            Load(vectors, start + 6 * stride, ref sum60, ref sum61);
            Load(vectors, start + 7 * stride, ref sum70, ref sum71);
        }

        for (nint k = 0; k < depth;)
        {
            ahead.Advance();
            for (var end = Math.Min(k + PanelPrefetch.Interval, depth); k < end; k++, left += Columns, right += Columns)
            {
                TFloats right0 = TFloats.Load(right), right1 = vectors > 1 ? TFloats.Load(right + TFloats.Count) : default;
                Accumulate(vectors, left[0], right0, right1, ref sum00, ref sum01);
                Accumulate(vectors, left[1], right0, right1, ref sum10, ref sum11);
                Accumulate(vectors, left[2], right0, right1, ref sum20, ref sum21);
                Accumulate(vectors, left[3], right0, right1, ref sum30, ref sum31);
                Accumulate(vectors, left[4], right0, right1, ref sum40, ref sum41);
                Accumulate(vectors, left[5], right0, right1, ref sum50, ref sum51);
                Accumulate(vectors, left[6], right0, right1, ref sum60, ref sum61);
                Accumulate(vectors, left[7], right0, right1, ref sum70, ref sum71);
            }
        }

        Store(vectors, sum00, sum01, result, add);
        Store(vectors, sum10, sum11, result + stride, add);
        Store(vectors, sum20, sum21, result + 2 * stride, add);
        Store(vectors, sum30, sum31, result + 3 * stride, add);
        Store(vectors, sum40, sum41, result + 4 * stride, add);
        Store(vectors, sum50, sum51, result + 5 * stride, add);
        Store(vectors, sum60, sum61, result + 6 * stride, add);
        Store(vectors, sum70, sum71, result + 7 * stride, add);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Load(int vectors, float* row, ref TFloats sum0, ref TFloats sum1)
    {
        sum0 = TFloats.Load(row);
        if (vectors > 1)
            sum1 = TFloats.Load(row + TFloats.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Accumulate(int vectors, float left, in TFloats right0, in TFloats right1, ref TFloats sum0, ref TFloats sum1)
    {
        var all = TFloats.Create(left);
        TFloats.Accumulate(ref sum0, all, right0);
        if (vectors > 1)
            TFloats.Accumulate(ref sum1, all, right1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(int vectors, in TFloats sum0, in TFloats sum1, float* row, bool add)
    {
        Store(sum0, row, add);
        if (vectors > 1)
            Store(sum1, row + TFloats.Count, add);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(in TFloats sum, float* place, bool add) => TFloats.Store(add ? TFloats.Add(TFloats.Load(place), sum) : sum, place);
}
