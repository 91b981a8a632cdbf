using System.Runtime.InteropServices;
using System.Text.Json;
using GpuOptim.Host;
using GpuOptim.Kernels;
using GpuOptim.Kernels.Simd.Matrix;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Ptx;

/// <summary>The matrix products of the GPU, executed on the CPU from their committed PTX.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class ProductKernelTests : IDisposable
{
    private const int Count = 2, TileRows = 128, TileDepth = 32, WarpsPerTile = 4, MultiplyAddsPerWarp = 2 * 32;

    /// <summary>Ends of every kind: of quads, of tiles, of pieces of 16 bytes, of accumulation blocks; lines aligned and not.</summary>
    private static readonly (int Rows, int Columns)[] _shapes =
        [(1, 1), (3, 5), (5, 3), (16, 16), (8, 72), (17, 33), (33, 17), (64, 64), (65, 130), (136, 40), (4, 511), (3, 513), (2, 1025), (1030, 2)];

    private readonly SimdDevice _device = new();

    public enum Operation
    {
        SymmetricProduct,
        SymmetricPolynomial,
        MultiplyAdd,
    }

    public void Dispose() => _device.Dispose();

    /// <summary>The plain product, for every card and element type: the bits of the <see cref="SimdDevice"/>.</summary>
    [Test]
    public void TiledProductGivesTheBitsOfSimd(
        [ValueSource(nameof(_shapes))] (int Rows, int Columns) shape, [Values] Operation operation, [Values(ElementType.BFloat16, ElementType.Float32)] ElementType type)
    {
        using var job = Prepare(operation, type, shape.Rows, shape.Columns);
        var (result, counters) = Simulate(job, $"{type}", group: [16, 16], tileRows: 64);
        Assert.That((counters.Races, counters.Warnings.Length), Is.EqualTo((0, 0)), string.Join('\n', counters.Warnings));
        if (type == ElementType.Float32)
            Bits.AreEqual<float>(MemoryMarshal.Cast<byte, float>(result), MemoryMarshal.Cast<byte, float>(Bytes(job.Result)), "element");
        else
            Bits.AreEqual<BFloat16>(MemoryMarshal.Cast<byte, BFloat16>(result), MemoryMarshal.Cast<byte, BFloat16>(Bytes(job.Result)), "element");
    }

    /// <summary>The product on tensor cores, which sum as they like: within rounding of the product in double, symmetric where it must be.</summary>
    [Test]
    public void TensorCoreProductIsWithinRounding(
        [ValueSource(nameof(_shapes))] (int Rows, int Columns) shape, [Values] Operation operation)
    {
        using var job = Prepare(operation, ElementType.BFloat16, shape.Rows, shape.Columns);
        var (result, counters) = Simulate(job, "TensorCore", group: [128], TileRows, rounding: "hw");
        Assert.That((counters.Races, counters.Warnings.Length, counters.BankConflicts), Is.EqualTo((0, 0, 0)), string.Join('\n', counters.Warnings));
        Assert.That(counters.IsZeroBehindRows);
        AssertWithinRounding(job, MemoryMarshal.Cast<byte, BFloat16>(result));
    }

    /// <summary>Warps that run far apart find the same: nothing hangs on an order that no barrier makes.</summary>
    [Test]
    public void WarpsMayRunInAnyOrder([Values] Operation operation, [Values(false, true)] bool isTall)
    {
        using var job = Prepare(operation, ElementType.BFloat16, isTall ? 200 : 136, isTall ? 136 : 200);
        var (expected, _) = Simulate(job, "TensorCore", group: [128], TileRows);
        var (actual, counters) = Simulate(job, "TensorCore", group: [128], TileRows, schedule: "warps");
        Assert.That(counters.Races, Is.Zero);
        Assert.That(actual, Is.EqualTo(expected));
    }

    /// <summary>
    /// The work of the tiles and no more: half of them where the product is symmetric, and the diagonal; 32 multiplications for eight fragments; no bank
    /// twice at a time; whole sectors of global memory.
    /// </summary>
    [Test]
    public void TensorCoresDoTheWorkOfTheTiles([Values] Operation operation, [Values(false, true)] bool isTall)
    {
        const int Small = 384, Large = 512;
        using var job = Prepare(operation, ElementType.BFloat16, isTall ? Large : Small, isTall ? Small : Large);
        var (_, counters) = Simulate(job, "TensorCore", group: [128], TileRows);
        var mirrored = operation == Operation.MultiplyAdd ? 0 : Small / TileRows * (Small / TileRows - 1) / 2;
        var tiles = operation == Operation.MultiplyAdd ? Small / TileRows * (Large / TileRows) : Small / TileRows + mirrored;
        var expected = Count * tiles * (job.Depth / TileDepth) * WarpsPerTile * MultiplyAddsPerWarp;
        Assert.That(counters.MultiplyAdds, Is.EqualTo(expected));
        // In the epilogue of a tile with a mirror image each warp turns sixteen blocks.
        var loads = counters.FragmentLoads - Count * mirrored * WarpsPerTile * 16;
        Assert.That((double)counters.MultiplyAdds / loads, Is.EqualTo(4));
        Assert.That((counters.Races, counters.BankConflicts, counters.LoadEfficiency, counters.StoreEfficiency), Is.EqualTo((0, 0, 1.0, 1.0)));
    }

    private static void AssertWithinRounding(Job job, ReadOnlySpan<BFloat16> result)
    {
        BFloat16[] left = Numbers(job.Left), right = Numbers(job.Right), addend = job.Addend is null ? [] : Numbers(job.Addend);
        for (var matrix = 0; matrix < Count; matrix++)
        {
            for (var row = 0; row < job.Rows; row++)
            {
                for (var column = 0; column < job.Columns; column++)
                {
                    double sum = 0, sumOfSizes = 0;
                    for (var k = 0; k < job.Depth; k++)
                    {
                        double product = (double)(float)left[matrix * job.LeftLength + row * job.LeftRowStride + k * job.LeftDepthStride]
                            * (float)right[matrix * job.RightLength + k * job.RightDepthStride + column * job.RightColumnStride];
                        sum += product;
                        sumOfSizes += Math.Abs(product);
                    }
                    var index = (matrix * job.Rows + row) * job.Columns + column;
                    var expected = job.Alpha * sum + (job.Addend is null ? 0 : (double)job.Beta * (float)addend[index]);
                    var bound = Math.Abs(expected) / 256 + Math.Abs(job.Alpha) * job.Depth * sumOfSizes / (1 << 23);
                    Assert.That((double)(float)result[index], Is.EqualTo(expected).Within(bound), $"{matrix}, {row}, {column}");
                    if (job.IsSymmetric)
                        Assert.That(result[index], Is.EqualTo(result[(matrix * job.Rows + column) * job.Columns + row]), $"{matrix}, {row}, {column}");
                }
            }
        }
    }

    private static (byte[] Result, Counters Counters) Simulate(
        Job job, string variant, int[] group, int tileRows, string rounding = "rn", string schedule = "lockstep")
    {
        var folder = Directory.CreateTempSubdirectory("gpuoptim-ptx-");
        try
        {
            string At(string name) => Path.Combine(folder.FullName, name);
            var kernel = job.IsSymmetric ? $"SymmetricProduct.{variant}.{(job.LeftDepthStride == 1 ? "Wide" : "Tall")}" : $"MultiplyAdd.{variant}";
            File.WriteAllBytes(At("input"), [.. Bytes(job.Left), .. Bytes(job.Right), .. Bytes(job.Addend)]);
            File.WriteAllText(At("job.json"), JsonSerializer.Serialize(new
            {
                ptx = new CommittedKernel(kernel).Path,
                input = At("input"),
                output = At("output"),
                elementSize = job.Left.ElementType.Size(),
                isSymmetric = job.IsSymmetric,
                count = Count,
                sharedBytes = variant == "TensorCore" ? 5 * 2 * TileRows * TileDepth * 2 : 0,
                isPadded = variant == "TensorCore",
                isLeftDepthContiguous = job.LeftDepthStride == 1,
                isRightDepthContiguous = job.RightDepthStride == 1,
                rows = job.Rows,
                columns = job.Columns,
                depth = job.Depth,
                alpha = job.Alpha,
                beta = job.Beta,
                group,
                tileRows,
                mmaRounding = rounding,
                schedule,
            }));
            var counters = JsonSerializer.Deserialize<Counters>(Simulator.Run("simulate_product.py", At("job.json")), JsonSerializerOptions.Web)!;
            return (File.ReadAllBytes(At("output")), counters);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static byte[] Bytes(DeviceBuffer? buffer)
    {
        var bytes = new byte[buffer?.SizeInBytes ?? 0];
        buffer?.CopyBytesTo(bytes);
        return bytes;
    }

    private static BFloat16[] Numbers(DeviceBuffer buffer) => MemoryMarshal.Cast<byte, BFloat16>(Bytes(buffer)).ToArray();

    /// <summary>An operation of Newton-Schulz with its operands, as one product; its result is the SIMD device's.</summary>
    private Job Prepare(Operation operation, ElementType type, int rows, int columns)
    {
        var ops = MatrixKernels.Create(_device.Workers, _device.VectorBits, type);
        int order = Math.Min(rows, columns), depth = Math.Max(rows, columns);
        var isTall = rows > columns;
        var x = Random(type, rows, columns, 1);
        var square = _device.CreateBuffer(type, (long)Count * order * order);
        MatrixBatch xs = new(x.Address, type, Count, rows, columns), squares = new(square.Address, type, Count, order, order);
        if (operation == Operation.SymmetricProduct)
        {
            ops.SymmetricProduct(xs, -0.5f, squares);
            var (row, inner) = isTall ? (1, columns) : (columns, 1);
            return new(x, x, null, square, order, order, depth, row, inner, inner, row, -0.5f, 0, IsSymmetric: true);
        }

        // Both others start from a symmetric matrix.
        ops.SymmetricProduct(xs, 1, squares);
        if (operation == Operation.SymmetricPolynomial)
        {
            var polynomial = _device.CreateBuffer(type, (long)Count * order * order);
            ops.SymmetricPolynomial(squares, -4.775f, 2.0315f, new(polynomial.Address, type, Count, order, order));
            return new(square, square, square, polynomial, order, order, order, order, 1, 1, order, 2.0315f, -4.775f, IsSymmetric: true);
        }
        var result = _device.CreateBuffer(type, (long)Count * rows * columns);
        ops.MultiplyAdd(squares, xs, 3.4445f, new(result.Address, type, Count, rows, columns));
        var (left, right) = isTall ? (x, square) : (square, x);
        return new(left, right, x, result, rows, columns, order, order, 1, columns, 1, 1, 3.4445f, IsSymmetric: false);
    }

    private DeviceBuffer Random(ElementType type, int rows, int columns, int seed)
    {
        float[] numbers = [.. ReferenceMatrix.Flatten(ReferenceMatrix.Random(Count * rows, columns, seed)).Select(value => (float)value)];
        return type == ElementType.Float32 ? _device.CreateBuffer<float>(numbers) : _device.CreateBuffer<BFloat16>([.. numbers.Select(value => (BFloat16)value)]);
    }

    /// <summary>A product; strides are those of one index, in elements.</summary>
    private sealed record Job(
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
        public int LeftLength => (int)(Left.Length / Count);

        public int RightLength => (int)(Right.Length / Count);

        public void Dispose()
        {
            Left.Dispose();
            Right.Dispose();
            Addend?.Dispose();
            Result.Dispose();
        }
    }

    private sealed record Counters(int Races, string[] Warnings, int BankConflicts, int MultiplyAdds, int FragmentLoads, double LoadEfficiency, double StoreEfficiency, bool IsZeroBehindRows);
}
