using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Simd.Matrix;

/// <summary>Two rows by two vectors: what is left for single floats, whose panels are two wide.</summary>
internal readonly unsafe struct MatrixTile2<TFloats> : IMatrixTile where TFloats : unmanaged, IFloats<TFloats>
{
    public static int Rows => 2;

    public static int Columns => 2 * TFloats.Count;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(float* left, float* right, nint depth, float* start, float* result, nint stride, bool add, ref PanelPrefetch ahead)
    {
        TFloats sum00 = default, sum01 = default;
        TFloats sum10 = default, sum11 = default;
        if (start != null)
        {
            Load(start, out sum00, out sum01);
            Load(start + stride, out sum10, out sum11);
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
            }
        }

        Store(sum00, sum01, result, add);
        Store(sum10, sum11, result + stride, add);
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
