using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Simd.Matrix;

/// <summary>Four rows by three vectors: 12 sums for 16 registers, more than the latency of multiply-adds asks for, and 7 loads for 12 of them.</summary>
internal readonly unsafe struct MatrixTile4<TFloats> : IMatrixTile where TFloats : unmanaged, IFloats<TFloats>
{
    public static int Rows => 4;

    public static int Columns => 3 * TFloats.Count;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(float* left, float* right, nint depth, float* start, float* result, nint stride, bool add, ref PanelPrefetch ahead)
    {
        TFloats sum00 = default, sum01 = default, sum02 = default;
        TFloats sum10 = default, sum11 = default, sum12 = default;
        TFloats sum20 = default, sum21 = default, sum22 = default;
        TFloats sum30 = default, sum31 = default, sum32 = default;
        if (start != null)
        {
            Load(start, out sum00, out sum01, out sum02);
            Load(start + stride, out sum10, out sum11, out sum12);
            Load(start + 2 * stride, out sum20, out sum21, out sum22);
            Load(start + 3 * stride, out sum30, out sum31, out sum32);
        }

        for (nint k = 0; k < depth;)
        {
            ahead.Advance();
            for (var end = Math.Min(k + PanelPrefetch.Interval, depth); k < end; k++, left += Columns, right += Columns)
            {
                TFloats right0 = TFloats.Load(right), right1 = TFloats.Load(right + TFloats.Count), right2 = TFloats.Load(right + 2 * TFloats.Count);
                var left0 = TFloats.Create(left[0]);
                TFloats.Accumulate(ref sum00, left0, right0);
                TFloats.Accumulate(ref sum01, left0, right1);
                TFloats.Accumulate(ref sum02, left0, right2);
                var left1 = TFloats.Create(left[1]);
                TFloats.Accumulate(ref sum10, left1, right0);
                TFloats.Accumulate(ref sum11, left1, right1);
                TFloats.Accumulate(ref sum12, left1, right2);
                var left2 = TFloats.Create(left[2]);
                TFloats.Accumulate(ref sum20, left2, right0);
                TFloats.Accumulate(ref sum21, left2, right1);
                TFloats.Accumulate(ref sum22, left2, right2);
                var left3 = TFloats.Create(left[3]);
                TFloats.Accumulate(ref sum30, left3, right0);
                TFloats.Accumulate(ref sum31, left3, right1);
                TFloats.Accumulate(ref sum32, left3, right2);
            }
        }

        Store(sum00, sum01, sum02, result, add);
        Store(sum10, sum11, sum12, result + stride, add);
        Store(sum20, sum21, sum22, result + 2 * stride, add);
        Store(sum30, sum31, sum32, result + 3 * stride, add);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Load(float* row, out TFloats sum0, out TFloats sum1, out TFloats sum2)
    {
        sum0 = TFloats.Load(row);
        sum1 = TFloats.Load(row + TFloats.Count);
        sum2 = TFloats.Load(row + 2 * TFloats.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(TFloats sum0, TFloats sum1, TFloats sum2, float* row, bool add)
    {
        if (add)
        {
            sum0 = TFloats.Add(TFloats.Load(row), sum0);
            sum1 = TFloats.Add(TFloats.Load(row + TFloats.Count), sum1);
            sum2 = TFloats.Add(TFloats.Load(row + 2 * TFloats.Count), sum2);
        }
        TFloats.Store(sum0, row);
        TFloats.Store(sum1, row + TFloats.Count);
        TFloats.Store(sum2, row + 2 * TFloats.Count);
    }
}
