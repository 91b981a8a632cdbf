namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>Threads of a warp part where they must, and meet again where they can.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class DivergenceTests
{
    private static readonly string _start = PtxProgram.Thread + PtxProgram.Address("%d1", "%y", "%r3", 4);

    /// <summary>How many steps the Collatz sequence of its index takes, another number for every thread.</summary>
    [Test]
    public void ThreadsLeaveALoopOneByOne()
    {
        const string Body = """
            mov.u32 %r10, 0;
            mov.u32 %r11, %r3;
            LOOP:
            setp.le.u32 %p1, %r11, 1;
            @%p1 bra DONE;
            and.b32 %r12, %r11, 1;
            setp.eq.u32 %p2, %r12, 0;
            @%p2 bra EVEN;
            mad.lo.u32 %r11, %r11, 3, 1;
            bra NEXT;
            EVEN:
            shr.u32 %r11, %r11, 1;
            NEXT:
            add.u32 %r10, %r10, 1;
            bra LOOP;
            DONE:
            @%p1 st.global.u32 [%d1], %r10;
            ret;
            """;
        using var card = new Card();
        var y = card.Poisoned<uint>(300);
        var statistics = card.Launch(PtxProgram.Kernel("u64 y", _start + Body), 3, 100, [y]);
        var expected = Enumerable.Range(0, 300).Select(Collatz).ToArray();
        Assert.That(y.Read(), Is.EqualTo(expected.Select(steps => (uint)steps.All)));
        Assert.That(statistics.ThreadInstructions["mad.lo.u32"], Is.EqualTo(expected.Sum(steps => steps.Odd)));
        Assert.That((statistics.ThreadInstructions["st.global.u32"], statistics.GlobalStoreRequests), Is.EqualTo((300, 3 * 4)), "behind the loop all store at once");
    }

    /// <summary>A warp reads in a loop what another writes behind a barrier that it shares with a third.</summary>
    [Test]
    public void AWarpInALoopLetsOthersGoOn()
    {
        const string Body = """
            .shared .align 4 .b32 flag;
            mov.u32 %r4, flag;
            mov.u32 %r5, 0;
            setp.eq.u32 %p0, %r0, 0;
            @%p0 st.shared.u32 [%r4], %r5;
            bar.sync 0;
            setp.lt.u32 %p1, %r0, 32;
            @!%p1 bra OTHERS;
            LOOP:
            ld.volatile.shared.u32 %r5, [%r4];
            setp.eq.u32 %p2, %r5, 0;
            @%p2 bra LOOP;
            bra END;
            OTHERS:
            bar.sync 1, 64;
            mov.u32 %r5, 7;
            setp.eq.u32 %p3, %r0, 64;
            @%p3 st.shared.u32 [%r4], %r5;
            END:
            st.global.u32 [%d1], %r5;
            ret;
            """;
        using var card = new Card();
        var y = card.Poisoned<uint>(96);
        card.Launch(PtxProgram.Kernel("u64 y", _start + Body), 1, 96, [y]);
        Assert.That(y.Read(), Is.All.EqualTo(7));
    }

    /// <summary>What is done under a condition stands behind where all meet, as ILGPU writes it.</summary>
    [Test]
    public void TheyMeetBeforeTheBranchInTheText([Values(false, true)] bool isWarpWide)
    {
        var body = $"""
            and.b32 %r4, %r0, 1;
            setp.ne.u32 %p1, %r4, 0;
            mov.u32 %r5, 100;
            @%p1 bra BODY;
            JOIN:
            {(isWarpWide ? "shfl.sync.bfly.b32 %r6, %r5, 1, 0x1f, 0xffffffff" : "mov.u32 %r6, %r5")};
            st.global.u32 [%d1], %r6;
            ret;
            BODY:
            mov.u32 %r5, 200;
            bra JOIN;
            """;
        using var card = new Card();
        var y = card.Poisoned<uint>(64);
        var statistics = card.Launch(PtxProgram.Kernel("u64 y", _start + body), 1, 64, [y]);
        Assert.That(y.Read(), Is.EqualTo(Enumerable.Range(0, 64).Select(i => (i % 2 == 1) == isWarpWide ? 100u : 200)));
        Assert.That(statistics.GlobalStoreRequests, Is.EqualTo(2));
        if (isWarpWide)
            Assert.That(statistics.WarpInstructions["shfl.sync.bfly.b32"], Is.EqualTo(2));
    }

    /// <summary>Odd lanes come to the shuffle a turn later: even ones wait for them.</summary>
    [Test]
    public void AWarpWideInstructionWaitsForItsMembers()
    {
        const string Body = """
            and.b32 %r4, %r0, 1;
            mov.u32 %r7, 0;
            mov.u32 %r8, 0;
            setp.eq.u32 %p1, %r4, 0;
            H:
            @!%p1 bra B;
            shfl.sync.bfly.b32 %r6, %r0, 1, 0x1f, 0xffffffff;
            mov.u32 %r7, 1;
            B:
            add.u32 %r8, %r8, 1;
            setp.eq.u32 %p1, %r0, %r0;
            setp.eq.u32 %p2, %r7, 0;
            @%p2 bra H;
            st.global.u32 [%d1], %r6;
            ret;
            """;
        using var card = new Card();
        var y = card.Poisoned<uint>(64);
        card.Launch(PtxProgram.Kernel("u64 y", _start + Body), 1, 64, [y]);
        Assert.That(y.Read(), Is.EqualTo(Enumerable.Range(0, 64).Select(i => (uint)i ^ 1)));
    }

    [Test]
    public void TablesAndGuardsChoose()
    {
        const string Body = """
            and.b32 %r4, %r0, 3;
            setp.ge.s32 %p1, %r4, 3;
            setp.lt.or.s32 %p2, %r4, 0, %p1;
            @%p2 bra DEFAULT;
            TABLE: .branchtargets A, B, A;
            brx.idx %r4, TABLE;
            A: mov.u32 %r5, 10; bra OUT;
            B: mov.u32 %r5, 20; bra OUT;
            DEFAULT: mov.u32 %r5, 30;
            OUT:
            setp.eq.u32 %p3, %r4, 1;
            @%p3 add.u32 %r5, %r5, 5;
            @!%p3 sub.u32 %r5, %r5, 5;
            st.global.u32 [%d1], %r5;
            ret;
            """;
        using var card = new Card();
        var y = card.Poisoned<uint>(64);
        var statistics = card.Launch(PtxProgram.Kernel("u64 y", _start + Body), 1, 64, [y]);
        uint[] chosen = [5, 25, 5, 25];
        Assert.That(y.Read(), Is.EqualTo(Enumerable.Range(0, 64).Select(i => chosen[i % 4])));
        Assert.That((statistics.ThreadInstructions["add.u32"], statistics.ThreadInstructions["sub.u32"]), Is.EqualTo((16, 48)));
    }

    private static (int All, int Odd) Collatz(int number)
    {
        int all = 0, odd = 0;
        for (; number > 1; all++)
        {
            odd += number % 2;
            number = number % 2 == 0 ? number / 2 : 3 * number + 1;
        }
        return (all, odd);
    }
}
