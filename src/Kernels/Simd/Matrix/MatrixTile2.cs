using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Simd.Matrix;

/// <summary>Two rows by two vectors: what is left for single floats, whose panels are two wide.</summary>
internal readonly unsafe struct MatrixTile2<TFloats> : IMatrixTile where TFloats : unmanaged, IFloats<TFloats>
{
    public static int Rows => 2;

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
        if (start != null)
        {
            TileRow<TFloats>.Load(vectors, start, ref sum00, ref sum01);
            TileRow<TFloats>.Load(vectors, start + stride, ref sum10, ref sum11);
        }

        for (nint k = 0; k < depth;)
        {
            ahead.Advance();
            for (var end = Math.Min(k + PanelPrefetch.Interval, depth); k < end; k++, left += Columns, right += Columns)
            {
                TFloats right0 = TFloats.Load(right), right1 = vectors > 1 ? TFloats.Load(right + TFloats.Count) : default;
                TileRow<TFloats>.Accumulate(vectors, TFloats.Create(left[0]), right0, right1, ref sum00, ref sum01);
                TileRow<TFloats>.Accumulate(vectors, TFloats.Create(left[1]), right0, right1, ref sum10, ref sum11);
            }
        }

        TileRow<TFloats>.Store(vectors, sum00, sum01, result, add);
        TileRow<TFloats>.Store(vectors, sum10, sum11, result + stride, add);
    }
}
