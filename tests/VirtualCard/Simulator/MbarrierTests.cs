using VirtualCard.Execution;
using static GpuOptim.Tests.VirtualCard.Simulator.MbarrierProgram;

namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>Barriers in shared memory, whose phases end when all have arrived.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class MbarrierTests
{
    private const string Read = "ld.shared.u32 %r9, [%r4];\n";

    /// <summary>Warp 0 writes, warp 1 waits for its arrivals.</summary>
    [Test]
    public void ReadersWaitForAWriter([Values("try_wait", "test_wait")] string instruction, [Values(null, 1, 2)] int? seed)
    {
        var (result, statistics) = Run(
            Initialize(32) + Synchronize + "@!%p2 bra READ;\n@%p1 mov.u32 %r8, 77; @%p1 st.shared.u32 [%r4], %r8;\n" + Arrive + "bra END;\nREAD:\n"
                + Wait("0", instruction: instruction) + Read + Store + "END:\n",
            seed: seed);
        Assert.That(result, Is.EqualTo(Enumerable.Range(0, 64).Select(i => i < 32 ? 0 : 77)));
        Expect.Clean(statistics);
    }

    /// <summary>Warps 0 and 1 read what warp 2 overwrites.</summary>
    [Test]
    public void AWriterWaitsForReaders([Values(false, true)] bool waits, [Values(null, 1, 2)] int? seed)
    {
        var (_, statistics) = Run(
            Initialize(64) + "@%p1 st.shared.u32 [%r4], %r7;\n" + Synchronize + "setp.lt.u32 %p4, %r0, 64; @!%p4 bra WRITE;\n" + Read + (waits ? Arrive : "")
                + "bra END;\nWRITE:\n" + (waits ? Wait("0") : "") + "setp.eq.u32 %p4, %r0, 70; @%p4 st.shared.u32 [%r4], %r0;\nEND:\n",
            threads: 96,
            seed);
        Assert.That(statistics.Races, waits ? Is.Empty : Is.Not.Empty);
    }

    [Test]
    public void PhasesFollowEachOther([Values(null, 1)] int? seed)
    {
        var (result, statistics) = Run(
            Initialize(64) + Synchronize + """
                mov.u32 %r8, 0; mov.u32 %r10, 0;
                LOOP: and.b32 %r11, %r10, 1; shl.b32 %r12, %r10, 2; add.u32 %r12, %r12, %r4;
                setp.eq.u32 %p4, %r0, %r10; @%p4 st.shared.u32 [%r12], %r10;

                """ + Arrive + Wait("%r11") + """
                ld.shared.u32 %r9, [%r12]; add.u32 %r8, %r8, %r9; add.u32 %r10, %r10, 1;
                setp.lt.u32 %p5, %r10, 60; @%p5 bra LOOP; mov.u32 %r9, %r8;

                """ + Store,
            seed: seed);
        Assert.That(result, Is.All.EqualTo(59 * 30));
        Expect.Clean(statistics);
    }

    [Test]
    public void ATokenNamesAPhase()
    {
        var (result, _) = Run(
            Initialize(64) + Synchronize + """
                mbarrier.arrive.shared::cta.b64 %d3, [%r5];
                W: mbarrier.test_wait.shared::cta.b64 %p3, [%r5], %d3; @!%p3 bra W; mov.u32 %r9, 5;

                """ + Store);
        Assert.That(result, Is.All.EqualTo(5));
    }

    /// <summary>Six at once and 63, and one that takes part no longer.</summary>
    [Test]
    public void ArrivalsCount()
    {
        var (result, _) = Run(
            Initialize(70) + Synchronize + """
                @%p1 mbarrier.arrive.shared::cta.b64 _, [%r5], 6;
                @!%p1 mbarrier.arrive.shared::cta.b64 _, [%r5];
                @%p1 mbarrier.arrive_drop.shared::cta.b64 _, [%r5];

                """ + Wait("0") + "@!%p1 bra END; mbarrier.arrive.shared::cta.b64 _, [%r5], 69;\n" + Wait("1", "V") + "mov.u32 %r9, 3;\n" + Store + "END:\n");
        Assert.That(result[0], Is.EqualTo(3));
    }

    [Test]
    public void ATestSaysNoAndThenYes()
    {
        const string Test = "mbarrier.test_wait.parity.shared::cta.b64 %p3, [%r5], 0;\n";
        var (result, _) = Run(
            Initialize(1) + Synchronize + Test + "selp.u32 %r9, 1, 2, %p3;\n" + Store + Synchronize + "@%p1 " + Arrive + Synchronize + Test + "@%p3 add.u32 %r9, %r9, 10;\n" + Store);
        Assert.That(result, Is.All.EqualTo(12));
    }

    [Test]
    public void ABarrierMayHaveAGenericAddress()
    {
        var (result, _) = Run(
            Initialize(64) + Synchronize + """
                cvt.u64.u32 %d3, %r5; cvta.shared.u64 %d4, %d3; mbarrier.arrive.b64 _, [%d4];
                W: mbarrier.try_wait.parity.b64 %p3, [%d4], 0; @!%p3 bra W; mov.u32 %r9, 6;

                """ + Store);
        Assert.That(result, Is.All.EqualTo(6));
    }

    [Test]
    public void ABarrierMayBeMadeAgain()
    {
        var (result, _) = Run(Initialize(64) + "@%p1 mbarrier.inval.shared::cta.b64 [%r5];\n" + Initialize(32) + "mov.u32 %r9, 1;\n" + Store);
        Assert.That(result, Is.All.EqualTo(1));
    }

    [Test]
    public void AMissingArrivalIsADeadlock() =>
        Expect.Fault(FaultKind.Deadlock, () => Run(Initialize(65) + Synchronize + Arrive + Wait("0")), "deadlock", "1 of 65 arrivals");

    [Test]
    public void TooManyArrivalsAreAFault() => AssertFault(Initialize(3) + Synchronize + "mbarrier.arrive.shared::cta.b64 _, [%r5], 2;\n", "arrivals, but only");

    [Test]
    public void ABarrierMustBeInitialized() => AssertFault(Arrive, "no mbarrier here");

    [Test]
    public void OthersMustKnowOfTheInitialization() => AssertFault(Initialize(64) + Arrive, "no barrier since");

    [Test]
    public void ABarrierIsNotInitializedTwice() => AssertFault(Initialize(64) + Initialize(64), "in use");

    /// <summary>cp.async arrives when its data does: beside the thread's own arrival, or in its place.</summary>
    [TestCase("cp.async.mbarrier.arrive.noinc.shared::cta.b64 [%r5];\n")]
    [TestCase("cp.async.mbarrier.arrive.shared::cta.b64 [%r5];\n" + Arrive)]
    public void CopiesArrive(string arrive)
    {
        foreach (var seed in (int?[])[null, 1])
        {
            var (result, statistics) = Run(
                Initialize(64) + Synchronize + """
                    shl.b32 %r10, %r0, 4; add.u32 %r10, %r10, %r4; mad.wide.u32 %d5, %r0, 16, %x;
                    cp.async.cg.shared.global [%r10], [%d5], 16;

                    """ + arrive + Wait("0") + "shl.b32 %r11, %r0, 2; xor.b32 %r11, %r11, 0xfc; add.u32 %r11, %r11, %r4; ld.shared.u32 %r9, [%r11];\n" + Store,
                seed: seed);
            Assert.That(result, Is.EqualTo(Enumerable.Range(0, 64).Select(i => 63 - i)));
            Expect.Clean(statistics);
        }
    }

    /// <summary>A cluster of one block has its instructions, too.</summary>
    [Test]
    public void ABlockIsACluster()
    {
        var (result, _) = Run(
            """
            setmaxnreg.dec.sync.aligned.u32 24; mapa.shared::cluster.u32 %r10, %r4, 0; sub.u32 %r9, %r10, %r4;
            mov.u32 %r11, %cluster_ctarank; add.u32 %r9, %r9, %r11; mov.u32 %r11, %cluster_nctarank; add.u32 %r9, %r9, %r11;
            st.shared.u32 [%r4], %r7; barrier.cluster.arrive.aligned; barrier.cluster.wait.aligned;

            """ + Store,
            threads: 128);
        Assert.That(result, Is.All.EqualTo(1));
    }

    private static void AssertFault(string parts, string report) => Expect.Fault(FaultKind.Undefined, () => Run(parts), report);
}
