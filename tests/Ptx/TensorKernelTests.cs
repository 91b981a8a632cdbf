using System.Runtime.InteropServices;
using GpuOptim.Kernels;
using GpuOptim.Kernels.Ilgpu;
using GpuOptim.Kernels.Norms;
using GpuOptim.Kernels.Rules;
using GpuOptim.Kernels.Simd;
using GpuOptim.Kernels.Simd.Matrix;
using GpuOptim.Tests.VirtualCard.Simulator;
using VirtualCard.Execution;

namespace GpuOptim.Tests.Ptx;

/// <summary>The kernels that measure tensors, their rows and columns on the GPU, executed on the CPU from their committed PTX: the bits of the CPU's.</summary>
[Parallelizable(ParallelScope.All)]
public sealed unsafe class TensorKernelTests
{
    /// <summary>Matrices, rows, columns.</summary>
    private static readonly (int, int, int)[] _shapes = [(1, 1, 1), (3, 5, 7), (2, 33, 12), (1, 40, 300), (1, 300, 4), (1, 2, 4100), (1, 8195, 1)];

    [Test]
    public void FactoredDirectionsHaveTheBitsOfSimd([ValueSource(nameof(_shapes))] (int, int, int) extents)
    {
        const int Count = 3;
        var shape = new FactoredShape(extents.Item1, extents.Item2, extents.Item3);
        var length = shape.Matrices * shape.Rows * shape.Columns;
        var random = new Random(length);
        float[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() * 2 - 1)];
        AdafactorRule[] rules = [new(1, -0.8, 1e-7, maximize: false), new(3, -0.8, 1e-3, maximize: true)];
        int[] indices = [1, 0, 0];
        // The last tensor has no gradient, the first one a row of zeros.
        float[][] gradients = [.. Enumerable.Range(0, Count).Select(i => Numbers(length))];
        gradients[0].AsSpan(0, shape.Columns).Clear();
        float[][] rows = [.. Enumerable.Range(0, Count).Select(_ => Numbers(shape.Matrices * shape.Rows).Select(Math.Abs).ToArray())], columns = [.. Enumerable.Range(0, Count).Select(_ => Numbers(shape.Matrices * shape.Columns).Select(Math.Abs).ToArray())];

        using var card = new Card();
        DeviceArray<float>[] Place(IEnumerable<float[]> all) => [.. all.Select(each => card.Allocate((float[])each.Clone()))];
        var (placedRows, placedColumns, directions, placed) = (Place(rows), Place(columns), Place(gradients.Select(_ => new float[length])), Place(gradients));
        var segments = card.Allocate(Enumerable.Range(0, Count).Select(i => new GpuSegment { Parameter = (long)directions[i].Address, State0 = (long)placedRows[i].Address, State1 = (long)placedColumns[i].Address, Length = length }).ToArray());
        var addresses = card.Allocate((ulong[])[placed[0].Address, placed[1].Address, 0]);
        var (ruleIndices, placedRules) = (card.Allocate(indices), card.Allocate(rules));
        var chunks = (int)NormOrder.Chunks(length);
        var map = card.Allocate(Enumerable.Range(0, Count * chunks).Select(i => new GpuChunk { Segment = i / chunks, Index = i % chunks }).ToArray());
        var matrices = Count * shape.Matrices;
        var (sums, divisors) = (card.Zeros<double>(matrices * shape.Bands * shape.Columns), card.Zeros<float>(matrices));
        var argument = Card.BytesOf(shape);
        const int Threads = 64;
        var groups = 1 + (shape.Columns + Threads - 1) / Threads;
        var bandGroups = (matrices * shape.Bands * shape.Columns + Threads - 1) / Threads;
        LaunchRequest Checked(LaunchRequest request) => request with { ChecksRaces = true };
        Expect.Clean(card.Launch(new CommittedKernel("FactoredRows.Float32").Text, matrices * shape.Rows, 32, [argument, segments, addresses, ruleIndices, placedRules], Checked));
        Expect.Clean(card.Launch(new CommittedKernel("FactoredBands.Float32").Text, bandGroups, Threads, [argument, addresses, sums], Checked));
        Expect.Clean(card.Launch(new CommittedKernel("FactoredColumns.Float32").Text, matrices * groups, Threads, [argument, groups, segments, addresses, ruleIndices, placedRules, sums, divisors], Checked));
        Expect.Clean(card.Launch(new CommittedKernel("FactoredDirection.Float32").Text, Count * chunks, 256, [argument, map, segments, addresses, ruleIndices, placedRules, divisors], Checked));

        var workers = new Workers(1);
        for (var i = 0; i < Count - 1; i++)
        {
            var expected = new float[length];
            fixed (float* gradient = gradients[i], row = rows[i], column = columns[i], direction = expected)
                FactoredMoments.Update(workers, 32, ElementType.Float32, shape, [new((nint)gradient, (nint)row, (nint)column, (nint)direction, rules[indices[i]])]);
            AssertSame(placedRows[i], rows[i], $"rows {i}");
            AssertSame(placedColumns[i], columns[i], $"columns {i}");
            AssertSame(directions[i], expected, $"directions {i}");
        }
        AssertSame(placedRows[^1], rows[^1], "without a gradient");
        AssertSame(directions[^1], new float[length], "without a gradient");
    }

    /// <summary>Tensors of no chunk, one, and more than strands; one without a direction.</summary>
    [Test]
    public void RulesAreThoseOfSimd([Values] bool isLamb)
    {
        if (isLamb)
            Verify<LambStepRule>([new(0.1, 0, default), new(0.5, 0.1, WeightDecayMode.Independent)]);
        else
            Verify<AdafactorStepRule>([new(3, 0.1, 1e-3, 1, 0, default), new(1, 0.5, 1e3, 1.5, 0.1, WeightDecayMode.Decoupled)]);
    }

    private static void Verify<TRule>(TRule[] rules) where TRule : unmanaged, ITensorRule<TRule>
    {
        var random = new Random(1);
        long[] lengths = [5, 0, 4097, 300 * 4096, 77];
        int[] indices = [0, 1, 1, 0, 0];
        int[] starts = [0, .. lengths.Select((_, i) => lengths[..(i + 1)].Sum(length => (int)NormOrder.Chunks(length)))];
        double[] Sums() => [.. Enumerable.Range(0, starts[^1]).Select(_ => 1000 * random.NextDouble())];
        var (parameters, directions) = (Sums(), Sums());
        using var card = new Card();
        var result = card.Allocate(rules.Concat(rules).Concat(rules[..1]).ToArray());
        Expect.Clean(card.Launch(
            new CommittedKernel($"TensorRules.{typeof(TRule).Name}").Text,
            lengths.Length,
            256,
            [card.Allocate(lengths.Select(length => new GpuSegment { Length = length }).ToArray()), card.Allocate((long[])[16, 16, 16, 16, 0]), card.Allocate(starts), card.Allocate(indices), card.Allocate(rules), card.Allocate(parameters), card.Allocate(directions), result],
            request => request with { ChecksRaces = true }));
        var actual = result.Read();
        for (var i = 0; i < lengths.Length - 1; i++)
        {
            double Squares(double[] sums) => ChunkedNorm<TwoNorm>.Fold(sums.AsSpan(starts[i]..starts[i + 1]));
            // Of nothing, what the rule is does not count.
            if (lengths[i] > 0)
                Assert.That(actual[i], Is.EqualTo(rules[indices[i]].For(Squares(parameters), Squares(directions), lengths[i])), $"{i}");
        }
        Assert.That(actual[^1], Is.EqualTo(rules[0]), "without a direction");
    }

    private static void AssertSame(DeviceArray<float> actual, float[] expected, string what) =>
        Assert.That(MemoryMarshal.AsBytes(actual.Read().AsSpan()).ToArray(), Is.EqualTo(MemoryMarshal.AsBytes(expected.AsSpan()).ToArray()), what);
}
