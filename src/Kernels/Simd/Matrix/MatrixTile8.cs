using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Simd.Matrix;

/// <summary>Eight rows by two vectors: 16 sums for the 32 registers of AVX-512, and 10 loads for 16 multiply-adds.</summary>
internal readonly unsafe struct MatrixTile8<TFloats> : IMatrixTile where TFloats : unmanaged, IFloats<TFloats>
{
    public static int Rows => 8;

    public static int Columns => 2 * TFloats.Count;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(float* left, float* right, nint depth, float* start, float* result, nint stride, bool add, ref PanelPrefetch ahead)
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
            Load(start, out sum00, out sum01);
            Load(start + stride, out sum10, out sum11);
            Load(start + 2 * stride, out sum20, out sum21);
            Load(start + 3 * stride, out sum30, out sum31);
            Load(start + 4 * stride, out sum40, out sum41);
            Load(start + 5 * stride, out sum50, out sum51);
            Load(start + 6 * stride, out sum60, out sum61);
            Load(start + 7 * stride, out sum70, out sum71);
        }

        for (nint k = 0; k < depth;)
        {
            ahead.Advance();
            for (var end = Math.Min(k + PanelPrefetch.Interval, depth); k < end; k++, left += Columns, right += Columns)
            {
                TFloats right0 = TFloats.Load(right), right1 = TFloats.Load(right + TFloats.Count);
                var left0 = TFloats.Create(left[0]);
                TFloats.Accumulate(ref sum00, left0, right0);
                TFloats.Accumulate(ref sum01, left0, right1);
                var left1 = TFloats.Create(left[1]);
                TFloats.Accumulate(ref sum10, left1, right0);
                TFloats.Accumulate(ref sum11, left1, right1);
                var left2 = TFloats.Create(left[2]);
                TFloats.Accumulate(ref sum20, left2, right0);
                TFloats.Accumulate(ref sum21, left2, right1);
                var left3 = TFloats.Create(left[3]);
                TFloats.Accumulate(ref sum30, left3, right0);
                TFloats.Accumulate(ref sum31, left3, right1);
                var left4 = TFloats.Create(left[4]);
                TFloats.Accumulate(ref sum40, left4, right0);
                TFloats.Accumulate(ref sum41, left4, right1);
                var left5 = TFloats.Create(left[5]);
                TFloats.Accumulate(ref sum50, left5, right0);
                TFloats.Accumulate(ref sum51, left5, right1);
                var left6 = TFloats.Create(left[6]);
                TFloats.Accumulate(ref sum60, left6, right0);
                TFloats.Accumulate(ref sum61, left6, right1);
                var left7 = TFloats.Create(left[7]);
                TFloats.Accumulate(ref sum70, left7, right0);
                TFloats.Accumulate(ref sum71, left7, right1);
            }
        }

        Store(sum00, sum01, result, add);
        Store(sum10, sum11, result + stride, add);
        Store(sum20, sum21, result + 2 * stride, add);
        Store(sum30, sum31, result + 3 * stride, add);
        Store(sum40, sum41, result + 4 * stride, add);
        Store(sum50, sum51, result + 5 * stride, add);
        Store(sum60, sum61, result + 6 * stride, add);
        Store(sum70, sum71, result + 7 * stride, add);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Load(float* row, out TFloats sum0, out TFloats sum1)
    {
        sum0 = TFloats.Load(row);
        sum1 = TFloats.Load(row + TFloats.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(TFloats sum0, TFloats sum1, float* row, bool add)
    {
        if (add)
        {
            sum0 = TFloats.Add(TFloats.Load(row), sum0);
            sum1 = TFloats.Add(TFloats.Load(row + TFloats.Count), sum1);
        }
        TFloats.Store(sum0, row);
        TFloats.Store(sum1, row + TFloats.Count);
    }
}
