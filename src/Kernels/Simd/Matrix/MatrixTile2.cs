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

    /// <remarks>How many vectors of each row are asked for is a constant: inlined, it leaves nothing of the others.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Multiply(int vectors, float* left, float* right, nint depth, float* start, float* result, nint stride, bool add, ref PanelPrefetch ahead)
    {
        TFloats sum00 = default, sum01 = default;
        TFloats sum10 = default, sum11 = default;
        if (start != null)
        {
            Load(vectors, start, ref sum00, ref sum01);
            Load(vectors, start + stride, ref sum10, ref sum11);
        }

        for (nint k = 0; k < depth;)
        {
            ahead.Advance();
            for (var end = Math.Min(k + PanelPrefetch.Interval, depth); k < end; k++, left += Columns, right += Columns)
            {
                TFloats right0 = TFloats.Load(right), right1 = vectors > 1 ? TFloats.Load(right + TFloats.Count) : default;
                Accumulate(vectors, left[0], right0, right1, ref sum00, ref sum01);
                Accumulate(vectors, left[1], right0, right1, ref sum10, ref sum11);
            }
        }

        Store(vectors, sum00, sum01, result, add);
        Store(vectors, sum10, sum11, result + stride, add);
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
