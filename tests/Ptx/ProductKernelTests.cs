using System.Runtime.InteropServices;
using GpuOptim.Host;
using GpuOptim.Kernels;
using GpuOptim.Kernels.Ilgpu.Matrix;
using GpuOptim.Kernels.Ilgpu.Matrix.Hopper;
using GpuOptim.Kernels.Simd.Matrix;
using GpuOptim.Tests.Support;
using GpuOptim.Tests.VirtualCard.Simulator;
using VirtualCard.Execution;

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

    private static readonly Variant _tensorCore = new("TensorCore", TensorProduct.GroupSize, TensorProduct.TileRows, TensorProduct.TileDepth, TensorProduct.SharedBytes);

    private static readonly Variant _warpgroup = new("Warpgroup", WarpgroupProduct.GroupSize, WarpgroupProduct.TileColumns, WarpgroupProduct.TileDepth, WarpgroupProduct.SharedBytes, GroupsATile: 2);

    private static readonly Variant[] _onTensorCores = [_tensorCore, _warpgroup];

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
        var (result, statistics) = Simulate(job, new($"{type}", new(16, 16), TileRows: 64));
        Expect.Clean(statistics);
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
        AssertIsWithinRounding(job, _tensorCore);
    }

    /// <summary>The product by warpgroups: ends of tiles of 64, 128 and 256, short and long inner dimensions.</summary>
    [Test]
    public void WarpgroupProductIsWithinRounding(
        [Values("3x5", "65x130", "300x270", "129x420", "1030x2")] string shape, [Values] Operation operation)
    {
        int[] extents = [.. shape.Split('x').Select(int.Parse)];
        using var job = Prepare(operation, ElementType.BFloat16, extents[0], extents[1]);
        AssertIsWithinRounding(job, _warpgroup);
    }

    private static void AssertIsWithinRounding(Job job, Variant variant)
    {
        var (result, statistics) = Simulate(job, variant, request => request with { MmaRounding = MmaRounding.Hardware });
        Expect.Clean(statistics);
        Assert.That(statistics.SharedConflicts, Is.Zero);
        AssertWithinRounding(job, MemoryMarshal.Cast<byte, BFloat16>(result));
    }

    /// <summary>Warps that run far apart find the same: nothing hangs on an order that no barrier makes.</summary>
    [Test]
    public void WarpsMayRunInAnyOrder([ValueSource(nameof(_onTensorCores))] Variant variant, [Values] Operation operation, [Values(false, true)] bool isTall)
    {
        using var job = Prepare(operation, ElementType.BFloat16, isTall ? 200 : 136, isTall ? 136 : 200);
        var (expected, _) = Simulate(job, variant);
        foreach (var seed in (int[])[1, 2])
        {
            var (actual, statistics) = Simulate(job, variant, request => request with { Seed = seed });
            Assert.That(statistics.RaceCount, Is.Zero);
            Assert.That(actual, Is.EqualTo(expected));
        }
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
        var (_, statistics) = Simulate(job, _tensorCore);
        var mirrored = operation == Operation.MultiplyAdd ? 0 : Small / TileRows * (Small / TileRows - 1) / 2;
        var tiles = operation == Operation.MultiplyAdd ? Small / TileRows * (Large / TileRows) : Small / TileRows + mirrored;
        var expected = Count * tiles * (job.Depth / TileDepth) * WarpsPerTile * MultiplyAddsPerWarp;
        Assert.That(statistics.Mma, Is.EqualTo(expected));
        // In the epilogue of a tile with a mirror image each warp turns sixteen blocks.
        var fragmentLoads = statistics.WarpInstructions.Where(count => count.Key.StartsWith("ldmatrix", StringComparison.Ordinal)).Sum(count => count.Value);
        var loads = fragmentLoads - Count * mirrored * WarpsPerTile * 16;
        Assert.That((double)statistics.Mma / loads, Is.EqualTo(4));
        Assert.That((statistics.RaceCount, statistics.SharedConflicts, statistics.LoadEfficiency, statistics.StoreEfficiency), Is.EqualTo((0, 0, 1.0, 1.0)));
    }

    /// <summary>The same of warpgroups, whose tiles are twice as wide: on the diagonal one has a right half for nothing.</summary>
    [Test]
    public void WarpgroupsDoTheWorkOfTheTiles([Values] Operation operation, [Values(false, true)] bool isTall)
    {
        const int Small = 384, Large = 512, Warpgroups = 2, ProductsOfATile = 4;
        using var job = Prepare(operation, ElementType.BFloat16, isTall ? Large : Small, isTall ? Small : Large);
        var (_, statistics) = Simulate(job, _warpgroup);
        // Below the diagonal 128 rows have one tile, and one, and two.
        var tiles = operation != Operation.MultiplyAdd ? 4 : isTall ? 4 * 2 : 3 * 2;
        Assert.That(statistics.Wgmma, Is.EqualTo(Count * tiles * (job.Depth / WarpgroupProduct.TileDepth) * Warpgroups * ProductsOfATile));
        Assert.That((statistics.RaceCount, statistics.SharedConflicts, statistics.StoreEfficiency), Is.EqualTo((0, 0, 1.0)));
        // Where a tile ends behind the matrix, threads read one row together.
        Assert.That(statistics.LoadEfficiency, Is.InRange(1, 1.2));
    }

    /// <summary>The simulator sees what is missing, wherever it is.</summary>
    [TestCase("wgmma.wait_group.sync.aligned 0;", "which is still in flight")]
    [TestCase("wgmma.wait_group.sync.aligned 1;", "shared memory overwritten while the wgmma")]
    [TestCase("wgmma.fence.sync.aligned;", "without a wgmma.fence")]
    [TestCase("cp.async.wait_group 1;", "has not been waited for")]
    public void WhatIsMissingIsAFault(string instruction, string report)
    {
        using var job = Prepare(Operation.SymmetricProduct, ElementType.BFloat16, 130, 400);
        Expect.Fault(FaultKind.Undefined, () => Simulate(job, _warpgroup, change: ptx => ptx.Replace(instruction, "", StringComparison.Ordinal)), report);
    }

    /// <summary>That goes for <c>cp.async</c> with a warning: some do without.</summary>
    [Test]
    public void AMissingProxyFenceIsNoted()
    {
        using var job = Prepare(Operation.SymmetricProduct, ElementType.BFloat16, 130, 400);
        var (_, statistics) = Simulate(job, _warpgroup, change: ptx => ptx.Replace("fence.proxy.async.shared::cta;", "", StringComparison.Ordinal));
        Assert.That(statistics.Warnings, Has.Some.Contains("without a fence.proxy.async"));
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
                    // An assertion for each would take longer than the kernel.
                    if (!(Math.Abs((float)result[index] - expected) <= bound))
                        Assert.Fail($"{matrix}, {row}, {column}: {result[index]} is not {expected}");
                    if (job.IsSymmetric && result[index] != result[(matrix * job.Rows + column) * job.Columns + row])
                        Assert.Fail($"{matrix}, {row}, {column}: not symmetric");
                }
            }
        }
    }

    /// <summary>The result without what lies behind its rows, which must have stayed zero.</summary>
    private static (byte[] Result, Statistics Statistics) Simulate(Job job, Variant variant, Func<LaunchRequest, LaunchRequest>? with = null, Func<string, string>? change = null)
    {
        var kernel = job.IsSymmetric ? $"SymmetricProduct.{variant}.{(job.LeftDepthStride == 1 ? "Wide" : "Tall")}" : $"MultiplyAdd.{variant}";
        using var card = new Card();
        var left = Place(card, job.Left, job.LeftDepthStride == 1 ? (job.Rows, job.Depth) : (job.Depth, job.Rows), variant.TileDepth);
        var right = Place(card, job.Right, job.RightDepthStride == 1 ? (job.Columns, job.Depth) : (job.Depth, job.Columns), variant.TileDepth);
        var addend = job.Addend is null ? default : Place(card, job.Addend, (job.Rows, job.Columns), variant.TileDepth);
        var result = Place(card, null, (job.Rows, job.Columns), variant.TileDepth, job.Result.ElementType);
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
            Rows = job.Rows,
            Columns = job.Columns,
            Depth = job.Depth,
            Alpha = job.Alpha,
            Beta = job.Beta,
        };
        int down = (job.Rows + variant.TileRows - 1) / variant.TileRows, across = (job.Columns + variant.TileRows - 1) / variant.TileRows;
        var tiles = job.IsSymmetric ? down * (down + 1) / 2 : down * across;
        var ptx = new CommittedKernel(kernel).Text;
        var statistics = card.Launch(change is null ? ptx : change(ptx), Count * tiles * variant.GroupsATile, variant.Group, [Card.BytesOf(product)], request =>
        {
            request = request with { ChecksRaces = true, DynamicSharedBytes = variant.SharedBytes };
            return with is null ? request : with(request);
        });
        return (Taken(result.Bytes.Read(), result.Batch), statistics);
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

    /// <summary>A kernel for products.</summary>
    /// <param name="Name">What its name holds.</param>
    /// <param name="Group">Its threads.</param>
    /// <param name="TileRows">Rows and columns of the tiles that groups are counted by.</param>
    /// <param name="TileDepth">Inner indices to which matrices are padded; 0 for those that are not.</param>
    /// <param name="SharedBytes">Dynamic shared memory.</param>
    /// <param name="GroupsATile">Groups for each tile.</param>
    public sealed record Variant(string Name, Dim3 Group, int TileRows, int TileDepth = 0, int SharedBytes = 0, int GroupsATile = 1)
    {
        public override string ToString() => Name;
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
}
