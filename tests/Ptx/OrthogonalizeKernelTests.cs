using System.Runtime.InteropServices;
using GpuOptim.Kernels;
using GpuOptim.Kernels.Ilgpu.Matrix;
using GpuOptim.Kernels.Ilgpu.Matrix.Small;
using GpuOptim.Kernels.Norms;
using GpuOptim.Tests.VirtualCard.Simulator;
using VirtualCard.Execution;

namespace GpuOptim.Tests.Ptx;

/// <summary>Newton-Schulz on small matrices in one launch, executed on the CPU from its committed PTX.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class OrthogonalizeKernelTests
{
    /// <summary>What goes wrong, and what nearly does: nothing, the largest and smallest numbers, infinity, no number.</summary>
    private static readonly Func<float, int, float>[] _kinds =
    [
        (value, _) => value,
        (_, _) => 0,
        (value, _) => value * 3e38f,
        (value, _) => value * 1e-39f,
        (value, i) => i == 7 ? float.PositiveInfinity : value,
        (value, i) => i == 7 ? float.NaN : value,
    ];

    /// <summary>Whichever way they lie, a launch for each operation gives the same bits.</summary>
    [Test]
    public void GivesTheBitsOfALaunchForEachOperation([Values("1x1", "5x3", "17x33", "64x64", "40x72", "72x33", "65x65", "100x127", "128x128")] string shape)
    {
        int[] extents = [.. shape.Split('x').Select(int.Parse)];
        // The second begins where 16 bytes at once do not, if rows and columns are odd.
        Verify(extents[0], extents[1], extents[0] > 65 ? [_kinds[0]] : [_kinds[0], _kinds[0]], new NewtonSchulzOptions { Steps = 2 }.Plan);
    }

    /// <summary>Numbers that are not finite, whether they come or are made, go where they go there, and none comes from what is behind rows and columns.</summary>
    [Test]
    public void NumbersThatAreNotFiniteGoWhereTheyGoThere([Values("9x7", "1x70", "70x66")] string shape, [Values] bool diverges)
    {
        int[] extents = [.. shape.Split('x').Select(int.Parse)];
        // A single row that diverges becomes infinite, and not NaN.
        NewtonSchulzStep[] steps = diverges ? [new(1e38, 1e38, 1e38), new(1, 1, 1), new(1, 1, 0)] : [new(0, 1.5, -0.5), new(1.5, -0.5, 0), new(3.4445, -4.7750, 2.0315)];
        Verify(extents[0], extents[1], _kinds, new(steps, 1.02, 1e-7, []));
    }

    /// <summary>Warps that run far apart find the same.</summary>
    [Test]
    public void WarpsMayRunInAnyOrder()
    {
        const int Rows = 90, Columns = 128;
        var plan = new NewtonSchulzOptions { Steps = 2 }.Plan;
        var (expected, _) = AtOnce(Rows, Columns, [_kinds[0]], plan);
        foreach (var seed in (int[])[1, 2])
        {
            var (actual, statistics) = AtOnce(Rows, Columns, [_kinds[0]], plan, seed);
            Assert.That(statistics.RaceCount, Is.Zero);
            Assert.That(actual, Is.EqualTo(expected));
        }
    }

    /// <summary>Matrices are read once and written once, in whole sectors; no bank is asked twice at a time; no tile above the diagonal is multiplied.</summary>
    [TestCase(64, 64)]
    [TestCase(64, 128)]
    [TestCase(128, 64)]
    [TestCase(128, 128)]
    public void DoesTheWorkAndNoMore(int rows, int columns)
    {
        const int Steps = 3, Count = 2, MultiplyAdds = 16 * 8 * 16;
        var (_, statistics) = AtOnce(rows, columns, [.. _kinds.Take(Count)], new NewtonSchulzOptions { Steps = Steps }.Plan);
        int order = Math.Min(rows, columns), depth = Math.Max(rows, columns);
        var triangle = order == 64 ? 64 * 64 : 3 * 64 * 64;
        Assert.That(statistics.Mma, Is.EqualTo(Count * Steps * (triangle * (depth + order) + order * order * depth) / MultiplyAdds));
        Assert.That((statistics.RaceCount, statistics.SharedConflicts, statistics.StoreEfficiency), Is.EqualTo((0, 0, 1.0)));
        Assert.That(32 * statistics.DistinctStoreSectors, Is.EqualTo(Count * rows * columns * 2));
        // With sums and coefficients.
        Assert.That(32 * statistics.DistinctLoadSectors, Is.InRange(Count * rows * columns * 2, Count * rows * columns * 2 + 32 * 6));
    }

    private static void Verify(int rows, int columns, Func<float, int, float>[] kinds, NewtonSchulzSteps plan)
    {
        var (actual, statistics) = AtOnce(rows, columns, kinds, plan);
        Expect.Clean(statistics);
        var expected = OneByOne(rows, columns, kinds, plan);
        for (var i = 0; i < expected.Length; i++)
        {
            if (BitConverter.SingleToInt32Bits((float)actual[i]) != BitConverter.SingleToInt32Bits((float)expected[i]))
                Assert.Fail($"matrix {i / (rows * columns)}, element {i % (rows * columns)}: {actual[i]} is not {expected[i]}");
        }
    }

    private static (BFloat16[] Result, Statistics Statistics) AtOnce(int rows, int columns, Func<float, int, float>[] kinds, NewtonSchulzSteps plan, int seed = 0)
    {
        using var card = new Card();
        var (numbers, sums) = Numbers(rows, columns, kinds);
        var matrices = card.Allocate(numbers);
        int Extent(int extent) => SmallMatrices.IsSmall(extent) ? 64 : 128;
        var statistics = card.Launch(
            new CommittedKernel($"Orthogonalize.{Extent(rows)}x{Extent(columns)}").Text,
            kinds.Length,
            SmallMatrices.GroupSize,
            [
                Card.BytesOf(new GpuMatrices(new((nint)matrices.Address, ElementType.BFloat16, kinds.Length, rows, columns))),
                card.Allocate(sums),
                plan.NormScale,
                (float)plan.Epsilon,
                card.Allocate(plan.Steps),
            ],
            request => request with
            {
                ChecksRaces = true,
                DynamicSharedBytes = 3 * Extent(rows) * Extent(columns) * 2 + SmallMatrices.Alignment,
                MmaRounding = MmaRounding.Hardware,
                Seed = seed,
            });
        return (matrices.Read(), statistics);
    }

    private static BFloat16[] OneByOne(int rows, int columns, Func<float, int, float>[] kinds, NewtonSchulzSteps plan)
    {
        using var card = new Card();
        var (numbers, sums) = Numbers(rows, columns, kinds);
        var raw = new MatrixBatch((nint)card.Allocate(numbers).Address, ElementType.BFloat16, kinds.Length, rows, columns);
        var x = TensorProduct.Pad(raw with { Address = 0 }, TensorProduct.TileDepth);
        var square = TensorProduct.Pad(x with { Rows = x.Order, Columns = x.Order, Stride = 0, Lines = 0 }, TensorProduct.TileDepth);
        var bytes = NewtonSchulzMemory.Create(NewtonSchulzMethod.Standard, x, square, 256).End(NewtonSchulzMethod.Standard);
        var memory = card.Zeros<byte>((int)(bytes + TensorProduct.BytesBehind(x)));
        var parts = NewtonSchulzMemory.Create(NewtonSchulzMethod.Standard, x with { Address = (nint)memory.Address }, square, 256);
        var result = NewtonSchulz.Orthogonalize(new SimulatedMatrixOps(card, card.Allocate(sums)), raw, parts, NewtonSchulzMethod.Standard, plan);
        var all = MemoryMarshal.Cast<byte, BFloat16>(memory.Read())[(int)((result.Address - (nint)memory.Address) / 2)..];
        var taken = new List<BFloat16>();
        for (var matrix = 0; matrix < kinds.Length; matrix++)
        {
            for (var row = 0; row < rows; row++)
                taken.AddRange(all.Slice((int)(matrix * result.Length + row * result.Stride), columns));
        }
        return [.. taken];
    }

    /// <summary>Matrices, one of each kind, and the sums of squares of their chunks.</summary>
    private static (BFloat16[] Numbers, double[] Sums) Numbers(int rows, int columns, Func<float, int, float>[] kinds)
    {
        var random = new Random(rows * 1000 + columns);
        BFloat16[][] matrices = [.. kinds.Select(kind => Enumerable.Range(0, rows * columns).Select(i => (BFloat16)kind(random.NextSingle() * 2 - 1, i)).ToArray())];
        return ([.. matrices.SelectMany(matrix => matrix)], [.. matrices.SelectMany(matrix => matrix.Chunk(NormOrder.ChunkLength).Select(chunk => chunk.Sum(value => (double)(float)value * (float)value)))]);
    }
}
