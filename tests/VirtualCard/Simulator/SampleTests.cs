using System.Runtime.InteropServices;
using VirtualCard.Execution;

namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>Kernels as ILGPU writes them: steps of Adam, tables of pointers, tiles in shared memory, and PTX within.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class SampleTests
{
    private const float Beta1 = 0.9f, Beta2 = 0.999f, LearningRate = 1e-3f, Epsilon = 1e-8f, Correction = 0.95f, Decay = 0.9999f;

    private static readonly byte[] _hyperparameters = MemoryMarshal.AsBytes<float>([Beta1, Beta2, LearningRate, Epsilon, Correction, Decay]).ToArray();

    /// <summary>Parameters, gradients, first and second moments.</summary>
    private readonly RandomNumbers _random = new(61);

    /// <summary>The threads do not divide the elements.</summary>
    [Test]
    public void AdamOneByOne()
    {
        const int Length = 10007;
        using var card = new Card();
        var (statistics, gradients, arrays) = Adam(card, "AdamScalar.sm80", Length, 7, 96, Length);
        Expect.Same(arrays[1].Read(), gradients, "gradients stay");
        Assert.That((statistics.GlobalLoadBytes, statistics.GlobalStoreBytes), Is.EqualTo((16 * Length, 12 * Length)));
        const int Sectors = (Length + 7) / 8;
        Assert.That((statistics.DistinctLoadSectors, statistics.DistinctStoreSectors), Is.EqualTo((4 * Sectors, 3 * Sectors)));
        Assert.That(statistics.ThreadInstructions["sqrt.rn.f32"], Is.EqualTo(Length));
    }

    [Test]
    public void AdamInQuads()
    {
        const int Length = 4096;
        using var card = new Card();
        var (statistics, _, _) = Adam(card, "AdamVec4.sm80", Length, 3, 128, Length / 4);
        Assert.That((statistics.LoadEfficiency, statistics.StoreEfficiency), Is.EqualTo((1.0, 1.0)));
        Assert.That(statistics.ThreadInstructions["ld.global.v4.f32"], Is.EqualTo(Length));
    }

    [Test]
    public void AdamByExactInstructions()
    {
        const int Length = 1000;
        const float Complement = 0.001f, Weight = 0.1f, Keep = 0.99f, Step = -1e-3f, Root = 0.9f;
        var (p, g, m, v) = (_random.Normals(Length), _random.Normals(Length), _random.Normals(Length), Magnitudes(Length));
        using var card = new Card();
        var (parameters, first, second) = (card.Allocate(p), card.Allocate(m), card.Allocate(v));
        object[] arguments = [Length, parameters, card.Allocate(g), first, second, Beta2, Complement, Weight, Keep, Step, Root, Epsilon];
        card.Launch(Sample.Read("IntrinsicAdamExact"), 4, 256, arguments);
        for (var i = 0; i < Length; i++)
        {
            m[i] = MathF.FusedMultiplyAdd(Weight, g[i] - m[i], m[i]);
            v[i] = MathF.FusedMultiplyAdd(Complement * g[i], g[i], v[i] * Beta2);
            p[i] = p[i] * Keep + Step * m[i] / (MathF.Sqrt(v[i]) / Root + Epsilon);
        }
        Expect.Same(first.Read(), m);
        Expect.Same(second.Read(), v);
        Expect.Same(parameters.Read(), p);
        Assert.That(() => card.Launch(Sample.Read("IntrinsicAdamExact"), 1, 512, arguments), Throws.InstanceOf<ArgumentException>().With.Message.Contains("maxntid"));
    }

    /// <summary>One launch for many tensors; and one of them freed.</summary>
    [Test]
    public void TensorsInATable()
    {
        const float Rate = 0.01f;
        int[] lengths = [5, 1000, 257];
        float[][] p = [.. lengths.Select(_random.Normals)], g = [.. lengths.Select(_random.Normals)];
        using var card = new Card();
        DeviceArray<float>[] parameters = [.. p.Select(numbers => card.Allocate(numbers))], gradients = [.. g.Select(numbers => card.Allocate(numbers, "gradient"))];
        object[] arguments = [card.Allocate(parameters.Zip(gradients).SelectMany(pair => (ulong[])[pair.First.Address, pair.Second.Address]).ToArray()), card.Allocate(lengths), Rate];
        Statistics Launch() => card.Launch(Sample.Read("PtrTable.sm80"), new(2, 3), 64, arguments, request => request with { MaxWorkers = 1 });
        Launch();
        for (var i = 0; i < lengths.Length; i++)
            Expect.Same(parameters[i].Read(), p[i].Zip(g[i], (parameter, gradient) => parameter - Rate * gradient), $"tensor {i}");

        gradients[1].Free();
        Expect.Fault(FaultKind.IllegalAddress, () => Launch(), "out-of-bounds global load", "gradient", "freed", "Kernel_PtrTable", "line", "block (0, 1, 0)");
    }

    /// <summary>A product in tiles of 16 by 16, summed in order; fused where it may be.</summary>
    [Test]
    public void TilesInSharedMemory([Values(false, true)] bool contracts)
    {
        const int Size = 80;
        ushort[] a = Matrices.Draw(_random, Size * Size), b = Matrices.Draw(_random, Size * Size);
        var expected = new float[Size * Size];
        for (var i = 0; i < expected.Length; i++)
        {
            for (var k = 0; k < Size; k++)
            {
                var (left, right) = ((float)FloatFormat.BFloat16.Value(a[i / Size * Size + k]), (float)FloatFormat.BFloat16.Value(b[k * Size + i % Size]));
                expected[i] = contracts ? MathF.FusedMultiplyAdd(left, right, expected[i]) : expected[i] + left * right;
            }
        }
        foreach (var seed in (int?[])[null, 11])
        {
            using var card = new Card();
            var c = card.Poisoned<float>(Size * Size);
            var statistics = card.Launch(
                Sample.Read("Tiled.sm80"), new(5, 5), new(16, 16), [card.Allocate(a), card.Allocate(b), c, Size], request => request with { ChecksRaces = true, Seed = seed }, contracts);
            Expect.Same(c.Read(), expected);
            Expect.Clean(statistics);
            Assert.That((statistics.SharedConflicts, statistics.Barriers), Is.EqualTo((0, 25 * 2 * 5)));
        }
    }

    /// <summary>A product that the text has as PTX, and a function that the card has.</summary>
    [TestCase("Asm1.sm80")]
    [TestCase("Fma.sm80")]
    public void NeighboursAreJoined(string name)
    {
        var x = _random.Normals(33);
        using var card = new Card();
        var numbers = card.Allocate(x);
        card.Launch(Sample.Read(name), 1, 32, [numbers]);
        Expect.Same(numbers.Read()[..32], Enumerable.Range(0, 32).Select(i => name.StartsWith("Fma", StringComparison.Ordinal) ? MathF.FusedMultiplyAdd(x[i], 2, x[i + 1]) : x[i] * x[i + 1]));
    }

    [Test]
    public void PtxOfSeveralLines()
    {
        using var card = new Card();
        var numbers = card.Allocate([0f, 3]);
        card.Launch(Sample.Read("MultiLine.sm80"), 1, 1, [numbers]);
        Assert.That(numbers.Read()[0], Is.EqualTo(3));
    }

    [Test]
    public void AMatrixOutsideOfSharedMemoryIsAFault() => AssertFaultOfLoop(FaultKind.IllegalAddress, 32, "out-of-bounds", "ldmatrix row", "Kernel_MmaLoop", "line");

    [Test]
    public void APartOfAWarpDoesNotMultiply() => AssertFaultOfLoop(FaultKind.Undefined, 20, "exited or missing lanes");

    private static void AssertFaultOfLoop(FaultKind kind, int count, params string[] report)
    {
        using var card = new Card();
        object[] arguments = [count, card.Zeros<float>(4096), card.Zeros<float>(4096), card.Zeros<float>(4096), 1];
        Expect.Fault(kind, () => card.Launch(Sample.Read("IntrinsicMmaLoop"), 1, 32, arguments), report);
    }

    private (Statistics Statistics, float[] Gradients, DeviceArray<float>[] Arrays) Adam(Card card, string name, int length, int groups, int threads, int viewLength)
    {
        var (p, g, m, v) = (_random.Normals(length), _random.Normals(length), _random.Normals(length), Magnitudes(length));
        DeviceArray<float>[] arrays = [card.Allocate(p), card.Allocate(g), card.Allocate(m), card.Allocate(v)];
        var statistics = card.Launch(Sample.Read(name), groups, threads, [.. arrays.Select(array => array.View(viewLength)), _hyperparameters]);
        for (var i = 0; i < length; i++)
        {
            p[i] *= Decay;
            m[i] = (g[i] - m[i]) * (1 - Beta1) + m[i];
            v[i] = v[i] * Beta2 + (1 - Beta2) * g[i] * g[i];
            p[i] -= LearningRate * m[i] / (MathF.Sqrt(v[i]) / Correction + Epsilon);
        }
        Expect.Same(arrays[0].Read(), p, "parameters");
        Expect.Same(arrays[2].Read(), m, "first moments");
        Expect.Same(arrays[3].Read(), v, "second moments");
        return (statistics, g, arrays);
    }

    private float[] Magnitudes(int length) => [.. _random.Normals(length).Select(MathF.Abs)];
}
