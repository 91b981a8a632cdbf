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

    /// <remarks>Inlined, so that the number of vectors is a constant.</remarks>
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
            TileRow<TFloats>.Load(vectors, start, ref sum00, ref sum01);
            TileRow<TFloats>.Load(vectors, start + stride, ref sum10, ref sum11);
            TileRow<TFloats>.Load(vectors, start + 2 * stride, ref sum20, ref sum21);
            TileRow<TFloats>.Load(vectors, start + 3 * stride, ref sum30, ref sum31);
            TileRow<TFloats>.Load(vectors, start + 4 * stride, ref sum40, ref sum41);
            TileRow<TFloats>.Load(vectors, start + 5 * stride, ref sum50, ref sum51);
            TileRow<TFloats>.Load(vectors, start + 6 * stride, ref sum60, ref sum61);
            TileRow<TFloats>.Load(vectors, start + 7 * stride, ref sum70, ref sum71);
        }

        for (nint k = 0; k < depth;)
        {
            ahead.Advance();
            for (var end = Math.Min(k + PanelPrefetch.Interval, depth); k < end; k++, left += Columns, right += Columns)
            {
                TFloats right0 = TFloats.Load(right), right1 = vectors > 1 ? TFloats.Load(right + TFloats.Count) : default;
                TileRow<TFloats>.Accumulate(vectors, TFloats.Create(left[0]), right0, right1, ref sum00, ref sum01);
                TileRow<TFloats>.Accumulate(vectors, TFloats.Create(left[1]), right0, right1, ref sum10, ref sum11);
                TileRow<TFloats>.Accumulate(vectors, TFloats.Create(left[2]), right0, right1, ref sum20, ref sum21);
                TileRow<TFloats>.Accumulate(vectors, TFloats.Create(left[3]), right0, right1, ref sum30, ref sum31);
                TileRow<TFloats>.Accumulate(vectors, TFloats.Create(left[4]), right0, right1, ref sum40, ref sum41);
                TileRow<TFloats>.Accumulate(vectors, TFloats.Create(left[5]), right0, right1, ref sum50, ref sum51);
                TileRow<TFloats>.Accumulate(vectors, TFloats.Create(left[6]), right0, right1, ref sum60, ref sum61);
                TileRow<TFloats>.Accumulate(vectors, TFloats.Create(left[7]), right0, right1, ref sum70, ref sum71);
            }
        }

        TileRow<TFloats>.Store(vectors, sum00, sum01, result, add);
        TileRow<TFloats>.Store(vectors, sum10, sum11, result + stride, add);
        TileRow<TFloats>.Store(vectors, sum20, sum21, result + 2 * stride, add);
        TileRow<TFloats>.Store(vectors, sum30, sum31, result + 3 * stride, add);
        TileRow<TFloats>.Store(vectors, sum40, sum41, result + 4 * stride, add);
        TileRow<TFloats>.Store(vectors, sum50, sum51, result + 5 * stride, add);
        TileRow<TFloats>.Store(vectors, sum60, sum61, result + 6 * stride, add);
        TileRow<TFloats>.Store(vectors, sum70, sum71, result + 7 * stride, add);
    }
}
