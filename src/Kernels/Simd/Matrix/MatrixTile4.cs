using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Simd.Matrix;

/// <summary>Four rows by three vectors: 12 sums for 16 registers, more than the latency of multiply-adds asks for, and 7 loads for 12 of them.</summary>
internal readonly unsafe struct MatrixTile4<TFloats> : IMatrixTile where TFloats : unmanaged, IFloats<TFloats>
{
    public static int Rows => 4;

    public static int Columns => 3 * TFloats.Count;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(float* left, float* right, nint depth, float* start, float* result, nint stride, bool add, int columns, ref PanelPrefetch ahead)
    {
        if (columns <= TFloats.Count)
            Multiply(1, left, right, depth, start, result, stride, add, ref ahead);
        else if (columns <= 2 * TFloats.Count)
            Multiply(2, left, right, depth, start, result, stride, add, ref ahead);
        else
            Multiply(3, left, right, depth, start, result, stride, add, ref ahead);
    }

    /// <remarks>Inlined, so that the number of vectors is a constant.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Multiply(int vectors, float* left, float* right, nint depth, float* start, float* result, nint stride, bool add, ref PanelPrefetch ahead)
    {
        TFloats sum00 = default, sum01 = default, sum02 = default;
        TFloats sum10 = default, sum11 = default, sum12 = default;
        TFloats sum20 = default, sum21 = default, sum22 = default;
        TFloats sum30 = default, sum31 = default, sum32 = default;
        if (start != null)
        {
            TileRow<TFloats>.Load(vectors, start, ref sum00, ref sum01, ref sum02);
            TileRow<TFloats>.Load(vectors, start + stride, ref sum10, ref sum11, ref sum12);
            TileRow<TFloats>.Load(vectors, start + 2 * stride, ref sum20, ref sum21, ref sum22);
            TileRow<TFloats>.Load(vectors, start + 3 * stride, ref sum30, ref sum31, ref sum32);
        }

        for (; depth >= PanelPrefetch.Interval; depth -= PanelPrefetch.Interval, left += PanelPrefetch.Interval * Columns, right += PanelPrefetch.Interval * Columns)
        {
            ahead.Advance();
            Step(vectors, left, right,
                ref sum00, ref sum01, ref sum02, ref sum10, ref sum11, ref sum12,
                ref sum20, ref sum21, ref sum22, ref sum30, ref sum31, ref sum32);
            Step(vectors, left + Columns, right + Columns,
                ref sum00, ref sum01, ref sum02, ref sum10, ref sum11, ref sum12,
                ref sum20, ref sum21, ref sum22, ref sum30, ref sum31, ref sum32);
            Step(vectors, left + 2 * Columns, right + 2 * Columns,
                ref sum00, ref sum01, ref sum02, ref sum10, ref sum11, ref sum12,
                ref sum20, ref sum21, ref sum22, ref sum30, ref sum31, ref sum32);
            Step(vectors, left + 3 * Columns, right + 3 * Columns,
                ref sum00, ref sum01, ref sum02, ref sum10, ref sum11, ref sum12,
                ref sum20, ref sum21, ref sum22, ref sum30, ref sum31, ref sum32);
        }
        for (; depth > 0; depth--, left += Columns, right += Columns)
        {
            Step(vectors, left, right,
                ref sum00, ref sum01, ref sum02, ref sum10, ref sum11, ref sum12,
                ref sum20, ref sum21, ref sum22, ref sum30, ref sum31, ref sum32);
        }

        TileRow<TFloats>.Store(vectors, sum00, sum01, sum02, result, add);
        TileRow<TFloats>.Store(vectors, sum10, sum11, sum12, result + stride, add);
        TileRow<TFloats>.Store(vectors, sum20, sum21, sum22, result + 2 * stride, add);
        TileRow<TFloats>.Store(vectors, sum30, sum31, sum32, result + 3 * stride, add);
    }

    /// <summary>Adds the products at one inner index. <see cref="PanelPrefetch.Interval"/> of them stand in a row: a loop around each takes longer.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step(
        int vectors, float* left, float* right,
        ref TFloats sum00, ref TFloats sum01, ref TFloats sum02,
        ref TFloats sum10, ref TFloats sum11, ref TFloats sum12,
        ref TFloats sum20, ref TFloats sum21, ref TFloats sum22,
        ref TFloats sum30, ref TFloats sum31, ref TFloats sum32)
    {
        TFloats right0 = TFloats.Load(right), right1 = vectors > 1 ? TFloats.Load(right + TFloats.Count) : default, right2 = vectors > 2 ? TFloats.Load(right + 2 * TFloats.Count) : default;
        TileRow<TFloats>.Accumulate(vectors, TFloats.Create(left[0]), right0, right1, right2, ref sum00, ref sum01, ref sum02);
        TileRow<TFloats>.Accumulate(vectors, TFloats.Create(left[1]), right0, right1, right2, ref sum10, ref sum11, ref sum12);
        TileRow<TFloats>.Accumulate(vectors, TFloats.Create(left[2]), right0, right1, right2, ref sum20, ref sum21, ref sum22);
        TileRow<TFloats>.Accumulate(vectors, TFloats.Create(left[3]), right0, right1, right2, ref sum30, ref sum31, ref sum32);
    }
}
