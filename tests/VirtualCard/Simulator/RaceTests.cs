using VirtualCard.Execution;

namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>Warps that use the same shared byte, one to write, need a barrier between.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class RaceTests
{
    private const string Store = "st.shared.u32 [%r5], %r0;", Barrier = "bar.sync 0;";

    [Test]
    public void AReadOfWhatAnotherWarpWrites()
    {
        var statistics = Run(Store + Neighbour(32), "");
        Assert.That(statistics.Races.Select(race => race.Kind), Has.Some.EqualTo("read-after-write"));
        Assert.That(statistics.Races[0].ToString(), Does.Contain("s+").And.Contain("line"));
        Assert.That(statistics.RaceCount, Is.EqualTo(2 * 64 * 4), "each byte of either block");
    }

    [Test]
    public void NoneInsideOfAWarp() => Assert.That(Run(Store + Neighbour(1), "").Races, Is.Empty);

    [Test]
    public void NoneWithABarrierBetween() => Assert.That(Run(Store + Barrier + Neighbour(32), "").Races, Is.Empty);

    [Test]
    public void AWriteOfWhatAnotherWarpReads() =>
        Assert.That(Run(Store + Barrier + Neighbour(32), Store).Races.Select(race => race.Kind), Has.Some.EqualTo("write-after-read"));

    [Test]
    public void NoneWithTwoBarriers() => Assert.That(Run(Store + Barrier + Neighbour(32), Barrier + Store).Races, Is.Empty);

    [Test]
    public void WritesOfTwoWarps() =>
        Assert.That(Run("st.shared.u32 [%r4], %r0; mov.u32 %r6, %r5;" + Store, "").Races.Select(race => race.Kind), Has.Some.EqualTo("write-after-write"));

    [Test]
    public void AtomicsDoNotRace() =>
        Assert.That(Run("atom.shared.add.u32 %r8, [%r4], 1; mov.u32 %r6, %r5; bar.sync 0;" + Store, "").Races, Is.Empty);

    [Test]
    public void AStoreRacesWithAnAtomic([Values] bool isStoreFirst)
    {
        const string Atomic = "red.shared.add.u32 [%r4], 1;", Zero = "st.shared.u32 [%r4], 0;";
        var races = Run((isStoreFirst ? Zero + Atomic : Atomic + Zero) + "mov.u32 %r6, %r5; bar.sync 0;" + Store, "").Races;
        Assert.That(races.Select(race => race.Kind), Has.Some.AnyOf("atomic-after-write", "write-after-atomic"));
    }

    [Test]
    public void HalvesOfAWordDoNotRace()
    {
        const string Body = """
            .shared .align 4 .b8 s[512];
            mov.u32 %r4, s;
            cvt.u16.u32 %h1, %r0;
            and.b32 %r6, %r0, 31;
            shr.u32 %r7, %r0, 5;
            mad.lo.u32 %r5, %r6, 4, %r4;
            mad.lo.u32 %r5, %r7, 2, %r5;
            st.shared.b16 [%r5], %h1;
            ret;
            """;
        using var card = new Card();
        Assert.That(card.Launch(PtxProgram.Kernel("", PtxProgram.Thread + Body), 1, 64, [], request => request with { ChecksRaces = true }).Races, Is.Empty);
    }

    /// <summary>%r6 becomes the address of another thread's word.</summary>
    private static string Neighbour(int distance) => $"xor.b32 %r6, %r0, {distance}; mad.lo.u32 %r6, %r6, 4, %r4;";

    private static Statistics Run(string first, string second)
    {
        var body = $"""
            .shared .align 4 .b8 s[512];
            mov.u32 %r4, s;
            mad.lo.u32 %r5, %r0, 4, %r4;
            {first}
            ld.shared.u32 %r7, [%r6];
            {second}
            ret;
            """;
        using var card = new Card();
        return card.Launch(PtxProgram.Kernel("", PtxProgram.Thread + body), 2, 64, [], request => request with { ChecksRaces = true });
    }
}
