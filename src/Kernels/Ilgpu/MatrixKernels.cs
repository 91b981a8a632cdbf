using GpuOptim.Kernels.Lanes;
using ILGPU;

namespace GpuOptim.Kernels.Ilgpu;

/// <summary>The plain kernels of Newton-Schulz, for every accelerator: the bits of SIMD, with no shared memory and no tensor cores.</summary>
/// <typeparam name="TFormat">The matrices' element type.</typeparam>
internal static unsafe class MatrixKernels<TFormat> where TFormat : IFormat
{
    /// <summary>Elements whose squares one thread sums, eight sums side by side: the order of <see cref="Simd.SumOfSquares{TFormat}"/>.</summary>
    public const int SumLength = 1 << 15;

    private static long First => Grid.IdxX * (long)Group.DimX + Group.IdxX;

    private static long Stride => Grid.DimX * (long)Group.DimX;

    /// <summary>
    /// The elements of a product. Sums run over accumulation blocks of inner indices, each from zero, pairs odd before even; the blocks' sums are
    /// added in order. Then <c>round(beta * addend + alpha * sum)</c>, or without an addend <c>round(alpha * round(sum))</c>.
    /// </summary>
    public static void Multiply(GpuProduct product)
    {
        var length = (long)product.Rows * product.Columns;
        for (var index = First; index < length * product.Count; index += Stride)
            MultiplyElement(product, length, index);
    }

    /// <summary>The sum of squares of each stretch of each matrix.</summary>
    /// <param name="matrices">Address of the matrices.</param>
    /// <param name="length">Elements of each.</param>
    /// <param name="sums">A sum for each stretch, matrix after matrix.</param>
    public static void SumSquares(long matrices, long length, ArrayView<double> sums)
    {
        var stretches = (length + SumLength - 1) / SumLength;
        for (var index = First; index < sums.Length; index += Stride)
        {
            var matrix = index / stretches;
            var start = (index - matrix * stretches) * SumLength;
            var end = start + SumLength < length ? start + SumLength : length;
            sums[index] = SumStretch(matrices + matrix * length * TFormat.Size, start, end);
        }
    }

    /// <summary>Divides each matrix by <c>max(round(scale * norm), round(epsilon))</c>, each quotient rounded once.</summary>
    /// <param name="matrices">Address of the matrices.</param>
    /// <param name="length">Elements of each.</param>
    /// <param name="sums">What <see cref="SumSquares"/> made.</param>
    /// <param name="scale">Factor of the norm.</param>
    /// <param name="epsilon">The least divisor.</param>
    public static void Divide(long matrices, long length, ArrayView<double> sums, double scale, float epsilon)
    {
        var stretches = (length + SumLength - 1) / SumLength;
        for (var index = First; index < sums.Length / stretches * length; index += Stride)
            DivideElement(matrices, length, index, sums, stretches, scale, epsilon);
    }

    private static void MultiplyElement(GpuProduct product, long length, long index)
    {
        var matrix = index / length;
        var row = (index - matrix * length) / product.Columns;
        var column = index - matrix * length - row * product.Columns;
        var left = product.Left + (matrix * product.LeftMatrixStride + row * product.LeftRowStride) * TFormat.Size;
        var right = product.Right + (matrix * product.RightMatrixStride + column * product.RightColumnStride) * TFormat.Size;
        var leftStride = product.LeftDepthStride * TFormat.Size;
        var rightStride = product.RightDepthStride * TFormat.Size;

        var accumulation = product.Depth <= 1024 ? 512 : 1024;
        var total = GpuFloats1.Create(0f);
        for (var start = 0; start < product.Depth; start += accumulation)
        {
            var end = start + accumulation < product.Depth ? start + accumulation : product.Depth;
            var sum = GpuFloats1.Create(0f);
            var k = start;
            for (; k + 1 < end; k += 2)
            {
                sum = GpuFloats1.FusedMultiplyAdd(At(left, k + 1, leftStride), At(right, k + 1, rightStride), sum);
                sum = GpuFloats1.FusedMultiplyAdd(At(left, k, leftStride), At(right, k, rightStride), sum);
            }
            if (k < end)
                sum = GpuFloats1.FusedMultiplyAdd(At(left, k, leftStride), At(right, k, rightStride), sum);
            total = start == 0 ? sum : GpuFloats1.Add(total, sum);
        }

        var alpha = GpuFloats1.Create(product.Alpha);
        var result = product.Addend == 0
            ? GpuFloats1.Multiply(alpha, TFormat.Round(total))
            : GpuFloats1.FusedMultiplyAdd(At(product.Addend, index, TFormat.Size), GpuFloats1.Create(product.Beta), GpuFloats1.Multiply(alpha, total));
        TFormat.Store(TFormat.Round(result), (void*)(product.Result + index * TFormat.Size));
    }

    private static double SumStretch(long address, long start, long end)
    {
        double sum0 = 0, sum1 = 0, sum2 = 0, sum3 = 0, sum4 = 0, sum5 = 0, sum6 = 0, sum7 = 0;
        var i = start;
        for (; i <= end - 8; i += 8)
        {
            sum0 += Square(address, i);
            sum1 += Square(address, i + 1);
            sum2 += Square(address, i + 2);
            sum3 += Square(address, i + 3);
            sum4 += Square(address, i + 4);
            sum5 += Square(address, i + 5);
            sum6 += Square(address, i + 6);
            sum7 += Square(address, i + 7);
        }
        var sum = sum0 + sum1 + sum2 + sum3 + sum4 + sum5 + sum6 + sum7;
        for (; i < end; i++)
            sum += Square(address, i);
        return sum;
    }

    private static void DivideElement(long matrices, long length, long index, ArrayView<double> sums, long stretches, double scale, float epsilon)
    {
        var matrix = index / length;
        var sum = 0.0;
        for (var i = 0L; i < stretches; i++)
            sum += sums[matrix * stretches + i];
        var norm = TFormat.Round(GpuFloats1.Create((float)(scale * Math.Sqrt(sum))));
        var least = TFormat.Round(GpuFloats1.Create(epsilon));
        var divisor = norm.Value < least.Value ? least : norm;
        TFormat.Store(TFormat.Round(GpuFloats1.Divide(At(matrices, index, TFormat.Size), divisor)), (void*)(matrices + index * TFormat.Size));
    }

    private static GpuFloats1 At(long address, long index, long stride) => TFormat.Load<GpuFloats1>((void*)(address + index * stride));

    private static double Square(long address, long index)
    {
        double value = At(address, index, TFormat.Size).Value;
        return value * value;
    }
}
