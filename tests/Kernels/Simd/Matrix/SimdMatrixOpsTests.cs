using GpuOptim.Host;
using GpuOptim.Kernels;
using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Simd;
using GpuOptim.Kernels.Simd.Matrix;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Kernels.Simd.Matrix;

/// <summary>
/// Each matrix operation, with every tile, against the same sums written plainly in the promised order: equal to the last bit, for odd
/// shapes, around accumulation blocks, and for any number of threads.
/// </summary>
[Parallelizable(ParallelScope.Self)]
[TestFixture(typeof(MatrixTile2<Floats1>), typeof(Floats1), typeof(BFloat16Format))]
[TestFixture(typeof(MatrixTile4<Floats4>), typeof(Floats4), typeof(BFloat16Format))]
[TestFixture(typeof(MatrixTile4<Floats8>), typeof(Floats8), typeof(BFloat16Format))]
[TestFixture(typeof(MatrixTile16), typeof(Floats16), typeof(BFloat16Format))]
[TestFixture(typeof(MatrixTile2<Floats1>), typeof(Floats1), typeof(Float32Format))]
[TestFixture(typeof(MatrixTile4<Floats4>), typeof(Floats4), typeof(Float32Format))]
[TestFixture(typeof(MatrixTile4<Floats8>), typeof(Floats8), typeof(Float32Format))]
[TestFixture(typeof(MatrixTile16), typeof(Floats16), typeof(Float32Format))]
[TestFixture(typeof(MatrixTile2<Floats1>), typeof(Floats1), typeof(Float16Format))]
[TestFixture(typeof(MatrixTile4<Floats4>), typeof(Floats4), typeof(Float16Format))]
[TestFixture(typeof(MatrixTile4<Floats8>), typeof(Floats8), typeof(Float16Format))]
[TestFixture(typeof(MatrixTile16), typeof(Floats16), typeof(Float16Format))]
internal sealed unsafe class SimdMatrixOpsTests<TTile, TFloats, TFormat>
    where TTile : IMatrixTile
    where TFloats : unmanaged, IFloats<TFloats>
    where TFormat : IFormat
{
    private static readonly (int Rows, int Columns)[] _shapes =
    [
        (1, 1), (1, 8), (8, 1), (2, 3), (3, 2), (7, 9), (16, 16), (17, 33), (33, 17), (31, 64), (64, 31), (65, 65), (70, 40),
        (5, 511), (5, 512), (5, 513), (513, 5), (4, 1023), (4, 1024), (1024, 4), (4, 1025), (3, 1537), (2, 2049), (2049, 2), (130, 257),
    ];

    private static readonly (int Rows, int Columns)[] _smallShapes = [.. _shapes.Where(shape => Math.Max(shape.Rows, shape.Columns) <= 512), (99, 100), (512, 5), (256, 256)];

    private readonly SimdDevice _device = new();

    private static ElementType Type => TFormat.Type;

    [OneTimeTearDown]
    public void Close() => _device.Dispose();

    [Test]
    public void SymmetricProduct([ValueSource(nameof(_shapes))] (int Rows, int Columns) shape, [Values(-0.5f, 1)] float scale, [Values(1, 3)] int threads)
    {
        var matrix = Numbers(shape.Rows, shape.Columns, 1);
        using var x = Upload(matrix);
        var order = Math.Min(shape.Rows, shape.Columns);
        using var result = _device.CreateBuffer(Type, order * order);

        Ops(threads).SymmetricProduct(Batch(x, shape.Rows, shape.Columns), scale, Batch(result, order, order));

        var wide = shape.Rows > shape.Columns ? ReferenceMatrix.Transpose(matrix) : matrix;
        var expected = ReferenceMatrix.Map(ReferenceMatrix.MultiplyInOrder(wide, wide, transposeB: true), sum => Round(scale * Round(sum)));
        AssertEqual(result, expected);
    }

    [Test]
    public void SymmetricPolynomial([Values(1, 2, 7, 16, 33, 65, 130, 513)] int order, [Values(1, 3)] int threads)
    {
        var matrix = Numbers(order, order, 2);
        for (var i = 0; i < order; i++)
        {
            for (var j = 0; j < i; j++)
                matrix[i, j] = matrix[j, i];
        }
        using var a = Upload(matrix);
        using var result = _device.CreateBuffer(Type, order * order);

        Ops(threads).SymmetricPolynomial(Batch(a, order, order), -4.775f, 2.0315f, Batch(result, order, order));

        var expected = ReferenceMatrix.Combine(matrix, ReferenceMatrix.MultiplyInOrder(matrix, matrix), (value, sum) => Round(MathF.FusedMultiplyAdd(value, -4.775f, sum * 2.0315f)));
        AssertEqual(result, expected);
    }

    [Test]
    public void MultiplyAdd([ValueSource(nameof(_shapes))] (int Rows, int Columns) shape, [Values(1, 3)] int threads)
    {
        var order = Math.Min(shape.Rows, shape.Columns);
        var matrix = Numbers(shape.Rows, shape.Columns, 3);
        var left = Numbers(order, order, 4);
        for (var i = 0; i < order; i++)
        {
            for (var j = 0; j < i; j++)
                left[i, j] = left[j, i];
        }
        using var b = Upload(left);
        using var x = Upload(matrix);
        using var result = _device.CreateBuffer(Type, shape.Rows * shape.Columns);

        Ops(threads).MultiplyAdd(Batch(b, order, order), Batch(x, shape.Rows, shape.Columns), 3.4445f, Batch(result, shape.Rows, shape.Columns));

        var tall = shape.Rows > shape.Columns;
        var wide = tall ? ReferenceMatrix.Transpose(matrix) : matrix;
        var expected = ReferenceMatrix.Combine(wide, ReferenceMatrix.MultiplyInOrder(left, wide), (value, sum) => Round(MathF.FusedMultiplyAdd(value, 3.4445f, sum)));
        AssertEqual(result, tall ? ReferenceMatrix.Transpose(expected) : expected);
    }

    [Test]
    public void Normalize([ValueSource(nameof(_shapes))] (int Rows, int Columns) shape, [Values(1e-30, 1e-12, 1, 1e12, 1e30)] double scale)
    {
        var matrix = ReferenceMatrix.Map(Numbers(shape.Rows, shape.Columns, 5), value => Round((float)(value * scale)));
        using var x = Upload(matrix);
        Ops(3).Normalize(Batch(x, shape.Rows, shape.Columns), Batch(x, shape.Rows, shape.Columns), 1.01, 1e-7);

        var norm = Round((float)(1.01 * Math.Sqrt(matrix.Cast<float>().Sum(value => (double)value * value))));
        var divisor = Math.Max(norm, Round(1e-7f));
        AssertEqual(x, ReferenceMatrix.Map(matrix, value => Round(value / divisor)));
    }

    [Test]
    public void ABatchIsItsMatrices()
    {
        const int Rows = 9, Columns = 20, Count = 3;
        using var x = Upload(Numbers(Count * Rows, Columns, 6));
        using var together = _device.CreateBuffer(Type, Count * Rows * Rows);
        using var apart = _device.CreateBuffer(Type, Count * Rows * Rows);
        var batch = new MatrixBatch(x.Address, Type, Count, Rows, Columns);
        var result = new MatrixBatch(apart.Address, Type, Count, Rows, Rows);
        Ops(3).SymmetricProduct(batch, 1, result with { Address = together.Address });
        for (var i = 0; i < Count; i++)
            Ops(3).SymmetricProduct(batch[i], 1, result[i]);
        Assert.That(Download(together), Is.EqualTo(Download(apart)));
        Assert.That(Download(together).Distinct().Count(), Is.GreaterThan(Count * Rows));
    }

    /// <summary>All steps at once against one operation after the other, which more threads do.</summary>
    [Test]
    public void StepsAtOnceAreOperationsOneByOne([ValueSource(nameof(_smallShapes))] (int Rows, int Columns) shape, [Values(0.25f, float.NaN, float.PositiveInfinity, 1e-42f)] float special)
    {
        var (rows, columns) = shape;
        var matrix = ReferenceMatrix.Map(Numbers(rows, columns, 7), value => Round(value / MathF.Sqrt(rows * columns)));
        matrix[rows / 2, columns / 3] = Round(special);
        NewtonSchulzStep[] steps = [new(3.4445, -4.775, 2.0315), new(1.5, -0.5, 0), new(0, 2, -1)];
        using var x = Upload(matrix);

        Assert.That(Ops(1).TryIterate(Batch(x, rows, columns), steps));

        using var raw = Upload(matrix);
        using var expected = OneByOne(raw, rows, columns, steps);
        Bits.AreEqual<float>(Download(x), Download(expected), "element");
        if (special == 0.25f)
            Assert.That(Download(x).Count(value => value == 0 || !float.IsFinite(value)), Is.LessThan(1 + rows * columns / 100));
    }

    /// <summary>Where a factor is 0 nothing is added: what underflows stays -0.</summary>
    [Test]
    public void StepsAtOnceKeepNegativeZeros()
    {
        var smallest = Type switch
        {
            ElementType.BFloat16 => 9.2e-41f,
            ElementType.Float16 => (float)Half.Epsilon,
            _ => float.Epsilon,
        };
        using var x = Upload(new[,] { { 0.5f }, { Round(smallest) } });
        Assert.That(Ops(1).TryIterate(Batch(x, 2, 1), [new(0, -1, 0)]));
        AssertEqual(x, new[,] { { -0.125f }, { -0f } });
    }

    /// <summary>
    /// Tiles compute with what is beside a matrix in its last panel. That was once what memory happened to hold, and many times as slow where
    /// it was subnormal.
    /// </summary>
    [TestCase(33, 65)]
    [TestCase(65, 33)]
    public void NothingIsLeftBesideASmallMatrix(int rows, int columns)
    {
        const int Floats = 1 << 16;
        var scratch = new Span<float>(Scratch.Left(Floats), Floats);
        scratch.Fill(float.Epsilon);
        using var x = Upload(ReferenceMatrix.Map(Numbers(rows, columns, 9), value => Round(value / 64)));

        Assert.That(Ops(1).TryIterate(Batch(x, rows, columns), [new(3.4445, -4.775, 2.0315)]));

        // What is not written is left as it was: behind the panels.
        var end = scratch.LastIndexOfAnyExcept(float.Epsilon) + 1;
        Assert.That(end, Is.InRange(3 * rows * columns, Floats / 2));
        Assert.That(scratch[..end].ToArray().Where(value => value != 0).Min(MathF.Abs), Is.GreaterThan(1.1754944e-38f));
    }

    [TestCase(5, 513)]
    [TestCase(300, 300)]
    [TestCase(500, 200)]
    public void OfLargeMatricesNoStepIsTaken(int rows, int columns)
    {
        var matrix = Numbers(rows, columns, 8);
        using var x = Upload(matrix);
        Assert.That(Ops(1).TryIterate(Batch(x, rows, columns), [new(3.4445, -4.775, 2.0315)]), Is.False);
        AssertEqual(x, matrix);
    }

    private DeviceBuffer OneByOne(DeviceBuffer matrix, int rows, int columns, NewtonSchulzStep[] steps)
    {
        var order = Math.Min(rows, columns);
        var ops = Ops(3);
        using var square = _device.CreateBuffer(Type, order * order);
        using var polynomial = _device.CreateBuffer(Type, order * order);
        var (x, other) = (matrix, _device.CreateBuffer(Type, rows * columns));
        foreach (var (a, b, c) in steps)
        {
            ops.SymmetricProduct(Batch(x, rows, columns), c == 0 ? (float)b : 1, Batch(c == 0 ? polynomial : square, order, order));
            if (c != 0)
                ops.SymmetricPolynomial(Batch(square, order, order), (float)b, (float)c, Batch(polynomial, order, order));
            ops.MultiplyAdd(Batch(polynomial, order, order), Batch(x, rows, columns), (float)a, Batch(other, rows, columns));
            (x, other) = (other, x);
        }
        return x;
    }

    private static SimdMatrixOps<TTile, TFloats, TFormat> Ops(int threads) => new(new Workers(threads));

    private static MatrixBatch Batch(DeviceBuffer buffer, int rows, int columns) => new(buffer.Address, Type, 1, rows, columns);

    private static float Round(float value) => Type switch
    {
        ElementType.BFloat16 => (BFloat16)value,
        ElementType.Float16 => (float)(Half)value,
        _ => value,
    };

    private static float[,] Numbers(int rows, int columns, int seed) => ReferenceMatrix.Map(ReferenceMatrix.Random(rows, columns, seed), value => Round((float)value));

    private DeviceBuffer Upload(float[,] matrix)
    {
        var values = ReferenceMatrix.Flatten(matrix);
        return Type switch
        {
            ElementType.BFloat16 => _device.CreateBuffer<BFloat16>([.. values.Select(value => (BFloat16)value)]),
            ElementType.Float16 => _device.CreateBuffer<Half>([.. values.Select(value => (Half)value)]),
            _ => _device.CreateBuffer<float>(values),
        };
    }

    private static float[] Download(DeviceBuffer buffer) => buffer switch
    {
        DeviceBuffer<BFloat16> brain => [.. brain.ToArray().Select(value => (float)value)],
        DeviceBuffer<Half> half => [.. half.ToArray().Select(value => (float)value)],
        _ => ((DeviceBuffer<float>)buffer).ToArray(),
    };

    private static void AssertEqual(DeviceBuffer actual, float[,] expected) => Bits.AreEqual<float>(Download(actual), ReferenceMatrix.Flatten(expected), "element");
}
