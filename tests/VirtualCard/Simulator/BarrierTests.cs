using VirtualCard.Execution;

namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>bar.sync, bar.arrive and bar.red.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class BarrierTests
{
    private static readonly string _start = PtxProgram.Thread + PtxProgram.Address("%d1", "%y", "%r3", 4);

    /// <summary>Those that have ended are not waited for.</summary>
    [Test]
    public void AllThatAreLeftMeet([Values(null, 1)] int? seed)
    {
        const string Body = """
            .shared .align 4 .b8 s[1024];
            mov.u32 %r4, s;
            setp.ge.u32 %p1, %r0, 70;
            @%p1 exit;
            mad.lo.u32 %r5, %r0, 4, %r4;
            st.shared.u32 [%r5], %r0;
            bar.sync 0;
            sub.u32 %r6, 69, %r0;
            mad.lo.u32 %r5, %r6, 4, %r4;
            ld.shared.u32 %r7, [%r5];
            setp.lt.u32 %p2, %r0, 10;
            bar.red.popc.u32 %r8, 0, %p2;
            bar.red.or.pred %p3, 0, !%p2;
            bar.red.and.pred %p4, 0, %p2;
            add.u32 %r7, %r7, %r8;
            selp.u32 %r9, 1000, 0, %p3;
            selp.u32 %r10, 5000, 0, %p4;
            add.u32 %r7, %r7, %r9;
            add.u32 %r7, %r7, %r10;
            st.global.u32 [%d1], %r7;
            ret;
            """;
        using var card = new Card();
        var y = card.Zeros<uint>(3 * 96);
        var statistics = card.Launch(PtxProgram.Kernel("u64 y", _start + Body), 3, 96, [y], request => request with { ChecksRaces = true, Seed = seed });
        Assert.That(y.Read(), Is.EqualTo(Enumerable.Range(0, 3 * 96).Select(i => i % 96 < 70 ? 69u - (uint)(i % 96) + 10 + 1000 : 0)));
        Expect.Clean(statistics);
    }

    /// <summary>One warp writes, another reads, on a barrier of their own.</summary>
    [Test]
    public void AWarpArrivesAndGoesOn()
    {
        const string Body = """
            .shared .align 4 .b8 s[128];
            mov.u32 %r4, s;
            and.b32 %r5, %r0, 31;
            mad.lo.u32 %r5, %r5, 4, %r4;
            setp.ge.u32 %p1, %r0, 32;
            mov.u32 %r7, 0;
            @%p1 bra CONSUMER;
            st.shared.u32 [%r5], %r0;
            bar.arrive 1, 64;
            bra OUT;
            CONSUMER:
            bar.sync 1, 64;
            ld.shared.u32 %r7, [%r5];
            OUT:
            st.global.u32 [%d1], %r7;
            ret;
            """;
        using var card = new Card();
        var y = card.Zeros<uint>(64);
        card.Launch(PtxProgram.Kernel("u64 y", _start + Body), 1, 64, [y]);
        Assert.That(y.Read(), Is.EqualTo(Enumerable.Range(0, 64).Select(i => i < 32 ? 0 : (uint)i - 32)));
    }

    /// <summary>Full and empty by turns: a barrier starts anew each time.</summary>
    [Test]
    public void ABarrierServesManyTimes([Values(null, 1, 2)] int? seed)
    {
        const string Body = """
            .shared .align 4 .b8 s[128];
            mov.u32 %r4, s;
            and.b32 %r5, %r0, 31;
            mad.lo.u32 %r5, %r5, 4, %r4;
            setp.ge.u32 %p1, %r0, 32;
            mov.u32 %r7, 0;
            mov.u32 %r8, 0;
            LOOP:
            @%p1 bra CONSUMER;
            mad.lo.u32 %r9, %r8, 100, %r0;
            st.shared.u32 [%r5], %r9;
            bar.arrive 1, 64;
            bar.sync 2, 64;
            bra NEXT;
            CONSUMER:
            bar.sync 1, 64;
            ld.shared.u32 %r9, [%r5];
            mad.lo.u32 %r7, %r7, 3, %r9;
            bar.arrive 2, 64;
            NEXT:
            add.u32 %r8, %r8, 1;
            setp.lt.u32 %p2, %r8, 4;
            @%p2 bra LOOP;
            st.global.u32 [%d1], %r7;
            ret;
            """;
        using var card = new Card();
        var y = card.Zeros<uint>(128);
        var statistics = card.Launch(PtxProgram.Kernel("u64 y", _start + Body), 2, 64, [y], request => request with { ChecksRaces = true, Seed = seed });
        Assert.That(
            y.Read(),
            Is.EqualTo(Enumerable.Range(0, 128).Select(i => i % 64 < 32 ? 0 : Enumerable.Range(0, 4).Aggregate(0u, (sum, turn) => sum * 3 + 100 * (uint)turn + (uint)i % 32))));
        Expect.Clean(statistics);
    }

    [Test]
    public void AWarpMustNotWaitInTwoPlaces() => Fault(
        FaultKind.Undefined,
        32,
        """
        setp.lt.u32 %p1, %r0, 16;
        @%p1 bra A;
        bar.sync 0;
        bra OUT;
        A:
        bar.sync 0;
        OUT: ret;
        """,
        "diverged warp",
        "line");

    [Test]
    public void AllMayWaitForever() => Fault(
        FaultKind.Deadlock,
        64,
        """
        setp.lt.u32 %p1, %r0, 32;
        @%p1 bra A;
        bar.sync 1;
        A:
        bar.sync 0;
        ret;
        """,
        "deadlock",
        "line",
        "bar.sync");

    private static void Fault(FaultKind kind, int threads, string body, params string[] parts)
    {
        using var card = new Card();
        Expect.Fault(kind, () => card.Launch(PtxProgram.Kernel("", PtxProgram.Thread + body), 1, threads, []), parts);
    }
}
