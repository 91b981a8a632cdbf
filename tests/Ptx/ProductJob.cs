using System.Runtime.InteropServices;
using GpuOptim.Host;
using GpuOptim.Kernels;
using GpuOptim.Kernels.Ilgpu.Matrix;
using GpuOptim.Kernels.Simd.Matrix;
using GpuOptim.Tests.Support;
using GpuOptim.Tests.VirtualCard.Simulator;
using VirtualCard.Execution;

namespace GpuOptim.Tests.Ptx;

/// <summary>A product; strides are those of one index, in elements.</summary>
internal sealed record ProductJob(
    DeviceBuffer Left,
    DeviceBuffer Right,
    DeviceBuffer? Addend,
    DeviceBuffer Result,
    int Rows,
    int Columns,
    int Depth,
    int LeftRowStride,
    int LeftDepthStride,
    int RightDepthStride,
    int RightColumnStride,
    float Alpha,
    float Beta,
    bool IsSymmetric) : IDisposable
{
    /// <summary>Matrices of each kind.</summary>
    public const int Count = 2;

    public int LeftLength => (int)(Left.Length / Count);

    public int RightLength => (int)(Right.Length / Count);

    /// <summary>An operation of Newton-Schulz with its operands, as one product; its result is the SIMD device's.</summary>
    public static ProductJob Prepare(SimdDevice device, ProductOperation operation, ElementType type, int rows, int columns)
    {
        var ops = MatrixKernels.Create(device.Workers, device.VectorBits, type);
        int order = Math.Min(rows, columns), depth = Math.Max(rows, columns);
        var isTall = rows > columns;
        var x = Random(device, type, rows, columns, 1);
        var square = device.CreateBuffer(type, (long)Count * order * order);
        MatrixBatch xs = new(x.Address, type, Count, rows, columns), squares = new(square.Address, type, Count, order, order);
        if (operation == ProductOperation.SymmetricProduct)
        {
            ops.SymmetricProduct(xs, -0.5f, squares);
            var (row, inner) = isTall ? (1, columns) : (columns, 1);
            return new(x, x, null, square, order, order, depth, row, inner, inner, row, -0.5f, 0, IsSymmetric: true);
        }

        // Both others start from a symmetric matrix.
        ops.SymmetricProduct(xs, 1, squares);
        if (operation == ProductOperation.SymmetricPolynomial)
        {
            var polynomial = device.CreateBuffer(type, (long)Count * order * order);
            ops.SymmetricPolynomial(squares, -4.775f, 2.0315f, new(polynomial.Address, type, Count, order, order));
            return new(square, square, square, polynomial, order, order, order, order, 1, 1, order, 2.0315f, -4.775f, IsSymmetric: true);
        }
        var result = device.CreateBuffer(type, (long)Count * rows * columns);
        ops.MultiplyAdd(squares, xs, 3.4445f, new(result.Address, type, Count, rows, columns));
        var (left, right) = isTall ? (x, square) : (square, x);
        return new(left, right, x, result, rows, columns, order, order, 1, columns, 1, 1, 3.4445f, IsSymmetric: false);
    }

    private static DeviceBuffer Random(SimdDevice device, ElementType type, int rows, int columns, int seed)
    {
        float[] numbers = [.. ReferenceMatrix.Flatten(ReferenceMatrix.Random(Count * rows, columns, seed)).Select(value => (float)value)];
        return type switch
        {
            ElementType.Float32 => device.CreateBuffer<float>(numbers),
            ElementType.BFloat16 => device.CreateBuffer<BFloat16>([.. numbers.Select(value => (BFloat16)value)]),
            // So small that squares of products stay in range.
            _ => device.CreateBuffer<Half>([.. numbers.Select(value => (Half)(value / 8))]),
        };
    }

    /// <summary>All bytes of a buffer; none of none.</summary>
    public static byte[] Bytes(DeviceBuffer? buffer)
    {
        var bytes = new byte[buffer?.SizeInBytes ?? 0];
        buffer?.CopyBytesTo(bytes);
        return bytes;
    }

    /// <summary>The result without what lies behind its rows, which must have stayed zero.</summary>
    public (byte[] Result, Statistics Statistics) Simulate(ProductVariant variant, Func<LaunchRequest, LaunchRequest>? with = null, Func<string, string>? change = null)
    {
        var kernel = IsSymmetric ? $"SymmetricProduct.{variant}.{(LeftDepthStride == 1 ? "Wide" : "Tall")}" : $"MultiplyAdd.{variant}";
        using var card = new Card();
        var left = Place(card, Left, LeftDepthStride == 1 ? (Rows, Depth) : (Depth, Rows), variant.TileDepth);
        var right = Place(card, Right, RightDepthStride == 1 ? (Columns, Depth) : (Depth, Columns), variant.TileDepth);
        var addend = Addend is null ? default : Place(card, Addend, (Rows, Columns), variant.TileDepth);
        var result = Place(card, null, (Rows, Columns), variant.TileDepth, Result.ElementType);
        var product = new GpuProduct
        {
            Left = left.Batch.Address,
            Right = right.Batch.Address,
            Addend = addend.Batch.Address,
            Result = result.Batch.Address,
            LeftLength = left.Batch.Length,
            RightLength = right.Batch.Length,
            ResultLength = result.Batch.Length,
            LeftStride = left.Batch.Stride,
            RightStride = right.Batch.Stride,
            ResultStride = result.Batch.Stride,
            Count = Count,
            Rows = Rows,
            Columns = Columns,
            Depth = Depth,
            Alpha = Alpha,
            Beta = Beta,
        };
        var ptx = new CommittedKernel(kernel).Text;
        var statistics = card.Launch(change is null ? ptx : change(ptx), variant.Groups(Count, Rows, Columns, IsSymmetric), variant.Group, [Card.BytesOf(product)], request =>
        {
            request = request with { ChecksRaces = true, DynamicSharedBytes = variant.SharedBytes };
            return with is null ? request : with(request);
        });
        return (Taken(result.Bytes.Read(), result.Batch), statistics);
    }

    /// <summary>Executes a kernel on tensor cores, and holds what comes of it to the product in double.</summary>
    public void AssertIsWithinRounding(ProductVariant variant)
    {
        var (result, statistics) = Simulate(variant, request => request with { MmaRounding = MmaRounding.Hardware });
        Expect.Clean(statistics);
        Assert.That(statistics.SharedConflicts, Is.Zero);
        AssertWithinRounding(Numbers(result, Result.ElementType), Result.ElementType == ElementType.BFloat16 ? (1.0 / (1 << 8), 0) : (1.0 / (1 << 11), 1.0 / (1 << 25)));
    }

    /// <summary>Holds results to the product in double, within the bound that holds however tensor cores sum.</summary>
    private void AssertWithinRounding(float[] result, (double Relative, double Absolute) rounding)
    {
        float[] left = Numbers(Left), right = Numbers(Right), addend = Addend is null ? [] : Numbers(Addend);
        for (var matrix = 0; matrix < Count; matrix++)
        {
            for (var row = 0; row < Rows; row++)
            {
                for (var column = 0; column < Columns; column++)
                {
                    double sum = 0, sumOfSizes = 0;
                    for (var k = 0; k < Depth; k++)
                    {
                        double product = (double)left[matrix * LeftLength + row * LeftRowStride + k * LeftDepthStride]
                            * right[matrix * RightLength + k * RightDepthStride + column * RightColumnStride];
                        sum += product;
                        sumOfSizes += Math.Abs(product);
                    }
                    var index = (matrix * Rows + row) * Columns + column;
                    var expected = Alpha * sum + (Addend is null ? 0 : (double)Beta * addend[index]);
                    var bound = Math.Abs(expected) * rounding.Relative + rounding.Absolute + Math.Abs(Alpha) * Depth * sumOfSizes / (1 << 23);
                    // An assertion for each would take longer than the kernel.
                    if (!(Math.Abs(result[index] - expected) <= bound))
                        Assert.Fail($"{matrix}, {row}, {column}: {result[index]} is not {expected}");
                    if (IsSymmetric && result[index] != result[(matrix * Rows + column) * Columns + row])
                        Assert.Fail($"{matrix}, {row}, {column}: not symmetric");
                }
            }
        }
    }

    public void Dispose()
    {
        Left.Dispose();
        Right.Dispose();
        Addend?.Dispose();
        Result.Dispose();
    }

    /// <summary>Matrices as the kernel wants them: on tensor cores with zeros behind rows and matrices, and memory behind the last that the loop may read.</summary>
    private static (MatrixBatch Batch, DeviceArray<byte> Bytes) Place(Card card, DeviceBuffer? numbers, (int Rows, int Columns) shape, int tileDepth, ElementType type = default)
    {
        type = numbers?.ElementType ?? type;
        var batch = new MatrixBatch(0, type, Count, shape.Rows, shape.Columns);
        if (tileDepth > 0)
            batch = TensorProduct.Pad(batch, tileDepth);
        var size = type.Size();
        var bytes = new byte[(Count * batch.Length + (tileDepth > 0 ? 128 * batch.Stride : 0)) * size];
        var row = shape.Columns * size;
        var given = Bytes(numbers);
        for (var i = 0; i < given.Length / row; i++)
            given.AsSpan(i * row, row).CopyTo(bytes.AsSpan((i / shape.Rows * batch.Lines + i % shape.Rows) * batch.Stride * size));
        var placed = card.Allocate(bytes);
        return (batch with { Address = (nint)placed.Address }, placed);
    }

    private static byte[] Taken(byte[] bytes, MatrixBatch batch)
    {
        int size = batch.ElementType.Size(), row = batch.Columns * size;
        List<byte> taken = [];
        for (var line = 0; line < Count * batch.Lines; line++)
        {
            var numbers = bytes.AsSpan(line * batch.Stride * size, batch.Stride * size);
            if (line % batch.Lines < batch.Rows)
            {
                taken.AddRange(numbers[..row]);
                numbers = numbers[row..];
            }
            Assert.That(numbers.ContainsAnyExcept((byte)0), Is.False, $"zeros behind row {line}");
        }
        return [.. taken];
    }

    private static float[] Numbers(DeviceBuffer buffer) => Numbers(Bytes(buffer), buffer.ElementType);

    private static float[] Numbers(byte[] bytes, ElementType type) => type == ElementType.BFloat16
        ? [.. MemoryMarshal.Cast<byte, BFloat16>(bytes).ToArray().Select(value => (float)value)]
        : [.. MemoryMarshal.Cast<byte, Half>(bytes).ToArray().Select(value => (float)value)];
}
