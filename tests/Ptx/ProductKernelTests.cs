using System.Runtime.InteropServices;
using GpuOptim.Host;
using GpuOptim.Tests.Support;
using GpuOptim.Tests.VirtualCard.Simulator;

namespace GpuOptim.Tests.Ptx;

/// <summary>The matrix products of the GPU, executed on the CPU from their committed PTX.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class ProductKernelTests : IDisposable
{
    /// <summary>Ends of every kind: of quads, of tiles, of pieces of 16 bytes, of accumulation blocks; lines aligned and not.</summary>
    private static readonly (int Rows, int Columns)[] _shapes =
        [(1, 1), (3, 5), (5, 3), (16, 16), (8, 72), (17, 33), (33, 17), (64, 64), (65, 130), (136, 40), (4, 511), (3, 513), (2, 1025), (1030, 2)];

    private readonly SimdDevice _device = new();

    public void Dispose() => _device.Dispose();

    /// <summary>The plain product, for every card and element type: the bits of the <see cref="SimdDevice"/>.</summary>
    [Test]
    public void TiledProductGivesTheBitsOfSimd(
        [ValueSource(nameof(_shapes))] (int Rows, int Columns) shape, [Values] ProductOperation operation, [Values(ElementType.BFloat16, ElementType.Float16, ElementType.Float32)] ElementType type)
    {
        using var job = ProductJob.Prepare(_device, operation, type, shape.Rows, shape.Columns);
        var (result, statistics) = job.Simulate(ProductVariant.Tiled(type));
        Expect.Clean(statistics);
        var expected = ProductJob.Bytes(job.Result);
        switch (type)
        {
            case ElementType.Float32:
                Bits.AreEqual<float>(MemoryMarshal.Cast<byte, float>(result), MemoryMarshal.Cast<byte, float>(expected), "element");
                break;
            case ElementType.BFloat16:
                Bits.AreEqual<BFloat16>(MemoryMarshal.Cast<byte, BFloat16>(result), MemoryMarshal.Cast<byte, BFloat16>(expected), "element");
                break;
            default:
                Bits.AreEqual<Half>(MemoryMarshal.Cast<byte, Half>(result), MemoryMarshal.Cast<byte, Half>(expected), "element");
                break;
        }
    }

    /// <summary>The product on tensor cores, which sum as they like: within rounding of the product in double, symmetric where it must be.</summary>
    [Test]
    public void TensorCoreProductIsWithinRounding(
        [ValueSource(nameof(_shapes))] (int Rows, int Columns) shape,
        [Values] ProductOperation operation,
        [ValueSource(typeof(ProductVariant), nameof(ProductVariant.TensorCores))] ProductVariant variant)
    {
        using var job = ProductJob.Prepare(_device, operation, variant.Type, shape.Rows, shape.Columns);
        job.AssertIsWithinRounding(variant);
    }

    /// <summary>Of matrices that commute but for rounding the product is symmetric to the bit all the same.</summary>
    [Test]
    public void ProductsOfCommutingMatricesAreSymmetric([Values(5, 72, 136)] int order)
    {
        using var square = ProductJob.Prepare(_device, ProductOperation.SymmetricPolynomial, ElementType.Float16, order, 2 * order);
        var (bytes, statistics) = (square with { Left = square.Result }).Simulate(ProductVariant.TensorCores[1]);
        Expect.Clean(statistics);
        Assert.That(statistics.SharedConflicts, Is.Zero);
        Half[] left = MemoryMarshal.Cast<byte, Half>(ProductJob.Bytes(square.Result)).ToArray(), right = MemoryMarshal.Cast<byte, Half>(ProductJob.Bytes(square.Right)).ToArray();
        var result = MemoryMarshal.Cast<byte, Half>(bytes).ToArray();
        var largest = result.Max(number => Math.Abs((double)number));
        for (var row = 0; row < order; row++)
        {
            for (var column = 0; column <= row; column++)
            {
                var sum = Enumerable.Range(0, order).Sum(k => (double)left[row * order + k] * (double)right[k * order + column]);
                var number = result[row * order + column];
                Assert.That((double)number, Is.EqualTo(square.Alpha * sum + square.Beta * (double)right[row * order + column]).Within(largest / (1 << 10)));
                Assert.That(result[column * order + row], Is.EqualTo(number));
            }
        }
    }

    /// <summary>Warps that run far apart find the same: nothing hangs on an order that no barrier makes.</summary>
    [Test]
    public void WarpsMayRunInAnyOrder([ValueSource(typeof(ProductVariant), nameof(ProductVariant.OnTensorCores))] ProductVariant variant, [Values] ProductOperation operation, [Values(false, true)] bool isTall)
    {
        using var job = ProductJob.Prepare(_device, operation, variant.Type, isTall ? 200 : 136, isTall ? 136 : 200);
        var (expected, _) = job.Simulate(variant);
        foreach (var seed in (int[])[1, 2])
        {
            var (actual, statistics) = job.Simulate(variant, request => request with { Seed = seed });
            Assert.That(statistics.RaceCount, Is.Zero);
            Assert.That(actual, Is.EqualTo(expected));
        }
    }

    /// <summary>
    /// The work of the tiles and no more: half of them where the product is symmetric, and the diagonal; 32 multiplications for eight fragments; no bank
    /// twice at a time; whole sectors of global memory.
    /// </summary>
    [Test]
    public void TensorCoresDoTheWorkOfTheTiles(
        [ValueSource(typeof(ProductVariant), nameof(ProductVariant.TensorCores))] ProductVariant variant, [Values] ProductOperation operation, [Values(false, true)] bool isTall)
    {
        const int Small = 384, Large = 512, TileRows = 128, TileDepth = 32, WarpsPerTile = 4, MultiplyAddsPerWarp = 2 * 32;
        using var job = ProductJob.Prepare(_device, operation, variant.Type, isTall ? Large : Small, isTall ? Small : Large);
        var (_, statistics) = job.Simulate(variant);
        var mirrored = operation == ProductOperation.MultiplyAdd ? 0 : Small / TileRows * (Small / TileRows - 1) / 2;
        var tiles = operation == ProductOperation.MultiplyAdd ? Small / TileRows * (Large / TileRows) : Small / TileRows + mirrored;
        var expected = ProductJob.Count * tiles * (job.Depth / TileDepth) * WarpsPerTile * MultiplyAddsPerWarp;
        Assert.That(statistics.Mma, Is.EqualTo(expected));
        // In the epilogue of a tile with a mirror image each warp turns sixteen blocks; of float16 those on the diagonal are turned, too.
        if (variant.Type == ElementType.Float16 && operation != ProductOperation.MultiplyAdd)
            mirrored += Small / TileRows;
        var fragmentLoads = statistics.WarpInstructions.Where(count => count.Key.StartsWith("ldmatrix", StringComparison.Ordinal)).Sum(count => count.Value);
        var loads = fragmentLoads - ProductJob.Count * mirrored * WarpsPerTile * 16;
        Assert.That((double)statistics.Mma / loads, Is.EqualTo(4));
        Assert.That((statistics.RaceCount, statistics.SharedConflicts, statistics.LoadEfficiency, statistics.StoreEfficiency), Is.EqualTo((0, 0, 1.0, 1.0)));
    }
}
