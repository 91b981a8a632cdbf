using VirtualCard.Execution;

namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>A whole product with cp.async, ldmatrix and mma, and what becomes of it when something is forgotten.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class TensorCoreGemmTests
{
    [Test]
    public void ItIsRightAndCountsWhatItMoves()
    {
        const int Size = 256;
        var (actual, expected, statistics) = Run(Size);
        Expect.Near(actual, expected, 1e-4);
        Assert.That(statistics.Mma, Is.EqualTo(Size * Size * Size / (16 * 8 * 16)));
        Assert.That((statistics.GlobalLoadBytes, statistics.LoadEfficiency), Is.EqualTo((2 * 2 * Size * Size * 4, 1.0)));
        Assert.That(statistics.DistinctLoadSectors * 32, Is.EqualTo(2 * 2 * Size * Size));
        // Rows of A have 80 bytes: where eight lanes fill two of them, four banks are used twice.
        Assert.That(statistics.SharedConflicts, Is.EqualTo(16 * 8 * 32));
    }

    [Test]
    public void ItHasNoRaces([Values(null, 3)] int? seed)
    {
        var (actual, expected, statistics) = Run(128, with: request => request with { Seed = seed });
        Expect.Near(actual, expected, 1e-4);
        Expect.Clean(statistics);
    }

    [TestCase(GemmProgram.Defect.Wait, "cp.async in flight")]
    [TestCase(GemmProgram.Defect.Barrier, "read-after-write")]
    [TestCase(GemmProgram.Defect.SecondBarrier, "write-after-read")]
    public void WhatIsForgottenIsFound(GemmProgram.Defect defect, string race)
    {
        var (actual, expected, statistics) = Run(128, defect);
        Assert.That(statistics.Races.Select(found => found.Kind), Has.Some.EqualTo(race));
        Assert.That(actual.Zip(expected).Any(pair => !(Math.Abs(pair.First - pair.Second) < 1e-4)), "the result is wrong");
    }

    [Test]
    public void TheHardwareIsNotFarFromIt()
    {
        var (actual, expected, _) = Run(128, with: request => request with { MmaRounding = MmaRounding.Hardware });
        Expect.Near(actual, expected, 2e-4);
    }

    private static (float[] Actual, double[] Expected, Statistics Statistics) Run(int size, GemmProgram.Defect defect = GemmProgram.Defect.None, Func<LaunchRequest, LaunchRequest>? with = null)
    {
        var random = new RandomNumbers(58);
        ushort[] a = Matrices.Draw(random, size * size), b = Matrices.Draw(random, size * size);
        using var card = new Card();
        var c = card.Poisoned<float>(size * size);
        var statistics = card.Launch(GemmProgram.Write(size, defect), new(size / 64, size / 64), 128, [card.Allocate(a), card.Allocate(b), c], request =>
        {
            request = request with { ChecksRaces = true };
            return with is null ? request : with(request);
        });
        return (c.Read(), Matrices.Product(a, b, size, size, size), statistics);
    }
}
