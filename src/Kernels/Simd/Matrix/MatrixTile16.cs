using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace GpuOptim.Kernels.Simd.Matrix;

/// <summary>
/// Sixteen rows by one vector: 16 sums for the 32 registers of AVX-512. A number of the left matrix is needed once, so the multiply-add itself loads it:
/// 17 instructions for 16 of them leave room for what else the core does, such as its other thread.
/// </summary>
internal readonly unsafe struct MatrixTile16 : IMatrixTile
{
    public static int Rows => 16;

    public static int Columns => 16;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(float* left, float* right, nint depth, float* start, float* result, nint stride, bool add, int columns, ref PanelPrefetch ahead)
    {
        Vector512<float> sum0 = default, sum1 = default, sum2 = default, sum3 = default, sum4 = default, sum5 = default, sum6 = default, sum7 = default;
        Vector512<float> sum8 = default, sum9 = default, sum10 = default, sum11 = default, sum12 = default, sum13 = default, sum14 = default, sum15 = default;
        if (start != null)
        {
            sum0 = Vector512.Load(start);
            sum1 = Vector512.Load(start + stride);
            sum2 = Vector512.Load(start + 2 * stride);
            sum3 = Vector512.Load(start + 3 * stride);
            sum4 = Vector512.Load(start + 4 * stride);
            sum5 = Vector512.Load(start + 5 * stride);
            sum6 = Vector512.Load(start + 6 * stride);
            sum7 = Vector512.Load(start + 7 * stride);
            sum8 = Vector512.Load(start + 8 * stride);
            sum9 = Vector512.Load(start + 9 * stride);
            sum10 = Vector512.Load(start + 10 * stride);
            sum11 = Vector512.Load(start + 11 * stride);
            sum12 = Vector512.Load(start + 12 * stride);
            sum13 = Vector512.Load(start + 13 * stride);
            sum14 = Vector512.Load(start + 14 * stride);
            sum15 = Vector512.Load(start + 15 * stride);
        }

        for (; depth >= PanelPrefetch.Interval; depth -= PanelPrefetch.Interval, left += PanelPrefetch.Interval * Columns, right += PanelPrefetch.Interval * Columns)
        {
            ahead.Advance();
            Step(left, right,
                ref sum0, ref sum1, ref sum2, ref sum3, ref sum4, ref sum5, ref sum6, ref sum7,
                ref sum8, ref sum9, ref sum10, ref sum11, ref sum12, ref sum13, ref sum14, ref sum15);
            Step(left + Columns, right + Columns,
                ref sum0, ref sum1, ref sum2, ref sum3, ref sum4, ref sum5, ref sum6, ref sum7,
                ref sum8, ref sum9, ref sum10, ref sum11, ref sum12, ref sum13, ref sum14, ref sum15);
            Step(left + 2 * Columns, right + 2 * Columns,
                ref sum0, ref sum1, ref sum2, ref sum3, ref sum4, ref sum5, ref sum6, ref sum7,
                ref sum8, ref sum9, ref sum10, ref sum11, ref sum12, ref sum13, ref sum14, ref sum15);
            Step(left + 3 * Columns, right + 3 * Columns,
                ref sum0, ref sum1, ref sum2, ref sum3, ref sum4, ref sum5, ref sum6, ref sum7,
                ref sum8, ref sum9, ref sum10, ref sum11, ref sum12, ref sum13, ref sum14, ref sum15);
        }
        for (; depth > 0; depth--, left += Columns, right += Columns)
        {
            Step(left, right,
                ref sum0, ref sum1, ref sum2, ref sum3, ref sum4, ref sum5, ref sum6, ref sum7,
                ref sum8, ref sum9, ref sum10, ref sum11, ref sum12, ref sum13, ref sum14, ref sum15);
        }

        Store(sum0, result, add);
        Store(sum1, result + stride, add);
        Store(sum2, result + 2 * stride, add);
        Store(sum3, result + 3 * stride, add);
        Store(sum4, result + 4 * stride, add);
        Store(sum5, result + 5 * stride, add);
        Store(sum6, result + 6 * stride, add);
        Store(sum7, result + 7 * stride, add);
        Store(sum8, result + 8 * stride, add);
        Store(sum9, result + 9 * stride, add);
        Store(sum10, result + 10 * stride, add);
        Store(sum11, result + 11 * stride, add);
        Store(sum12, result + 12 * stride, add);
        Store(sum13, result + 13 * stride, add);
        Store(sum14, result + 14 * stride, add);
        Store(sum15, result + 15 * stride, add);
    }

    /// <summary>Adds the products at one inner index. <see cref="PanelPrefetch.Interval"/> of them stand in a row: a loop around each takes longer.</summary>
    /// <remarks><see cref="Vector512"/> itself: a number that passes through a method of ours is loaded into a register first.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step(
        float* left, float* right,
        ref Vector512<float> sum0, ref Vector512<float> sum1, ref Vector512<float> sum2, ref Vector512<float> sum3,
        ref Vector512<float> sum4, ref Vector512<float> sum5, ref Vector512<float> sum6, ref Vector512<float> sum7,
        ref Vector512<float> sum8, ref Vector512<float> sum9, ref Vector512<float> sum10, ref Vector512<float> sum11,
        ref Vector512<float> sum12, ref Vector512<float> sum13, ref Vector512<float> sum14, ref Vector512<float> sum15)
    {
        var numbers = Vector512.Load(right);
        sum0 = Vector512.FusedMultiplyAdd(Vector512.Create(left[0]), numbers, sum0);
        sum1 = Vector512.FusedMultiplyAdd(Vector512.Create(left[1]), numbers, sum1);
        sum2 = Vector512.FusedMultiplyAdd(Vector512.Create(left[2]), numbers, sum2);
        sum3 = Vector512.FusedMultiplyAdd(Vector512.Create(left[3]), numbers, sum3);
        sum4 = Vector512.FusedMultiplyAdd(Vector512.Create(left[4]), numbers, sum4);
        sum5 = Vector512.FusedMultiplyAdd(Vector512.Create(left[5]), numbers, sum5);
        sum6 = Vector512.FusedMultiplyAdd(Vector512.Create(left[6]), numbers, sum6);
        sum7 = Vector512.FusedMultiplyAdd(Vector512.Create(left[7]), numbers, sum7);
        sum8 = Vector512.FusedMultiplyAdd(Vector512.Create(left[8]), numbers, sum8);
        sum9 = Vector512.FusedMultiplyAdd(Vector512.Create(left[9]), numbers, sum9);
        sum10 = Vector512.FusedMultiplyAdd(Vector512.Create(left[10]), numbers, sum10);
        sum11 = Vector512.FusedMultiplyAdd(Vector512.Create(left[11]), numbers, sum11);
        sum12 = Vector512.FusedMultiplyAdd(Vector512.Create(left[12]), numbers, sum12);
        sum13 = Vector512.FusedMultiplyAdd(Vector512.Create(left[13]), numbers, sum13);
        sum14 = Vector512.FusedMultiplyAdd(Vector512.Create(left[14]), numbers, sum14);
        sum15 = Vector512.FusedMultiplyAdd(Vector512.Create(left[15]), numbers, sum15);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector512<float> sum, float* place, bool add) => (add ? Vector512.Load(place) + sum : sum).Store(place);
}
