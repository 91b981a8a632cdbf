using VirtualCard.Execution;
using static GpuOptim.Tests.VirtualCard.Simulator.WgmmaProgram;

namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>wgmma runs on while the threads do: what must be waited for, fenced and left alone.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class WgmmaAsynchronyTests
{
    private const string Others = "setp.eq.u32 %p4, %r0, 200; setp.lt.u32 %p5, %r0, 128;\n@!%p5 bra OTHER;\n", Overwrite = "@%p4 st.shared.u32 [%r4], %r0;\n";

    /// <summary>A and B by cp.async, of zeros.</summary>
    private const string Copy =
        """
        mov.u64 %d9, %x; setp.lt.u32 %p2, %r0, 16; @!%p2 mov.u32 %r8, %r5; @!%p2 add.u32 %r8, %r7, 2048;
        cp.async.cg.shared.global [%r7], [%d9], 16; cp.async.ca.shared.global [%r8], [%d9], 16;
        cp.async.commit_group;

        """;

    private const string CopyWait = "cp.async.wait_group 0;\n";

    [TestCase(Fill + Ready + Fence + Multiply + Commit + Wait, 16, TestName = "One product")]
    [TestCase(Fill + "bar.sync 0; fence.proxy.async;\n" + Fence + Multiply + Multiply + Commit + Wait, 32, TestName = "The readers' fence behind the barrier, and two sums in a chain")]
    [TestCase(Fill + Ready + Fence + MultiplyRegisters + Commit + Wait, 16, TestName = "A in registers")]
    [TestCase(Fill + Ready + Fence + Multiply + Commit + Wait + Synchronize + Fill, 16, TestName = "Operands that are filled again behind a barrier")]
    [TestCase(Copy + CopyWait + Ready + Fence + Multiply + Commit + Wait, 0, TestName = "Operands by cp.async")]
    public void ItIsRight(string parts, float sum)
    {
        foreach (var seed in (int?[])[null, 1])
        {
            var (sums, statistics) = Run(parts + Store, seed: seed);
            Assert.That(sums, Is.All.EqualTo(sum));
            Expect.Clean(statistics);
        }
    }

    /// <summary>A product is done for all its warps, or for none.</summary>
    [Test]
    public void AWarpgroupMayOverwriteItsOperandsBehindItsWait([Values(null, 1, 2, 3)] int? seed)
    {
        var (sums, statistics) = Run(Fill + Ready + Fence + Multiply + Commit + Wait + Fill + Store, seed: seed);
        Assert.That(sums, Is.All.EqualTo(16));
        Expect.Clean(statistics);
    }

    [Test]
    public void TwoWarpgroupsShareOperands()
    {
        var (sums, statistics) = Run(Fill + Ready + Fence + Multiply + Commit + Wait + Store, threads: 256);
        Assert.That(sums, Is.All.EqualTo(16));
        Assert.That(statistics.Wgmma, Is.EqualTo(2));
    }

    [Test]
    public void TheOlderGroupMayBeWaitedForAlone()
    {
        var (sums, statistics) = Run(Fill + Ready + Fence + Multiply + Commit + MultiplyOthers + Commit + WaitForAllButOne + Store);
        Assert.That(sums, Is.All.EqualTo(16));
        Assert.That(statistics.Warnings, Is.EqualTo(["wgmma still in flight at kernel exit (block (0, 0, 0))"]));
    }

    [TestCase(Fill + Ready + Fence + Multiply + Commit, "register %c0 is an accumulator", "st.global.v4", TestName = "Nobody waits")]
    [TestCase(Fill + Ready + Fence + Multiply + Wait, "in flight", TestName = "Nobody commits")]
    [TestCase(Fill + Ready + Fence + Multiply + Commit + WaitForAllButOne, "in flight", TestName = "The last group is not waited for")]
    [TestCase(Fill + Ready + Fence + Multiply + Commit + "mov.f32 %c3, %c4;\n" + Wait, "register %c3", "mov.f32 %c3", TestName = "An accumulator is written in flight")]
    [TestCase(Fill + Ready + Fence + MultiplyRegisters + Commit + "mov.b32 %r11, 0;\n" + Wait, "register %r11 is an A fragment", "mov.b32 %r11", TestName = "A fragment is written in flight")]
    [TestCase(Fill + Ready + Multiply + Commit + Wait, "without a wgmma.fence", TestName = "There is no wgmma.fence")]
    [TestCase(Fill + Ready + Fence + "mov.f32 %c1, %c4;\n" + Multiply + Commit + Wait, "register %c1 was accessed without a wgmma.fence", TestName = "A register is written behind wgmma.fence")]
    [TestCase(Fill + Ready + Fence + Multiply + MultiplyMore + Commit + Wait, "in use by the wgmma", TestName = "Another shape has the same accumulators")]
    [TestCase(Fill + Synchronize + Fence + Multiply + Commit + Wait, "without a fence.proxy.async", "line", TestName = "There is no fence.proxy.async")]
    [TestCase("fence.proxy.async;\n" + Fill + Synchronize + Fence + Multiply + Commit + Wait, "without a fence.proxy.async", TestName = "The fence stands before the write")]
    [TestCase(Fill + "fence.acq_rel.gpu; bar.sync 0;\n" + Fence + Multiply + Commit + Wait, "without a fence.proxy.async", TestName = "It is another fence")]
    [TestCase(Fill + Ready + Fence + Multiply + Commit + Fill + Wait, "overwritten while the wgmma of line", "st.shared.v4", TestName = "An operand is written in flight")]
    [TestCase(Fill + Ready + Fence + "setp.eq.u32 %p3, %r0, 77; @%p3 add.u64 %d2, %d2, 8;\n" + Multiply + Commit + Wait, "differs between threads", TestName = "Threads disagree about the descriptor")]
    [TestCase(Fill + Ready + Fence + "or.b64 %d2, %d2, 0x400000000000;\n" + Multiply + Commit + Wait, "reserved bits", TestName = "The descriptor has reserved bits")]
    [TestCase(Fill + Ready + Fence + "setp.lt.u32 %p1, %r0, 64;\n" + Multiply + Commit + Wait, "scale-d differs", TestName = "Threads disagree about the scale")]
    [TestCase(Fill + Ready + "setp.ge.u32 %p4, %r0, 96; @%p4 ret;\n" + Fence + Multiply + Commit + Wait, "whole warpgroup", TestName = "A warp has ended")]
    [TestCase(Fill + Ready + "setp.eq.u32 %p4, %r0, 96; @%p4 ret;\n" + Fence + Multiply, "exited or missing lanes", TestName = "A lane has ended")]
    [TestCase(Copy + Ready + Fence + Multiply + Commit + Wait, "has not been waited for", TestName = "cp.async is not waited for")]
    public void ItIsAFault(string parts, params string[] report) => Expect.Fault(FaultKind.Undefined, () => Run(parts + Store), report);

    [Test]
    public void AnOperandOutsideOfSharedMemoryIsAFault() => Expect.Fault(
        FaultKind.IllegalAddress,
        () => Run(Fill + Ready + Fence + "add.u64 %d2, %d2, 248;\n" + Multiply + Commit + Wait + Store),
        "out-of-bounds", "wgmma operand A");

    [TestCase(96)]
    [TestCase(192)]
    public void AWarpgroupMustBeWhole(int threads) =>
        Expect.Fault(FaultKind.Undefined, () => Run(Fill + Ready + Fence + Multiply + Commit + Wait + Store, threads), "whole warpgroup");

    [Test]
    public void AWarpThatTakesNoPartIsMissed() => Expect.Fault(
        FaultKind.Deadlock,
        () => Run(Fill + Ready + Fence + "setp.ge.u32 %p4, %r0, 96; @%p4 bra SKIP;\n" + Multiply + "SKIP: bar.sync 0;\n" + Commit + Wait + Store),
        "deadlock");

    [Test]
    public void OperandsThatOtherWarpsWriteNeedABarrier()
    {
        var (_, statistics) = Run(Fill + "fence.proxy.async;\n" + Fence + Multiply + Commit + Wait + Store);
        Assert.That(statistics.Races.Select(race => race.Kind), Has.Some.EqualTo("read-after-write"));
    }

    /// <summary>Another warpgroup overwrites what the first has read and waited for.</summary>
    [TestCase("", false)]
    [TestCase(Synchronize, true)]
    public void OperandsAreGivenBackBehindABarrier(string barrier, bool isClean)
    {
        var (_, statistics) = Run(Fill + Ready + Fence + Others + Multiply + Commit + Wait + "OTHER:\n" + barrier + Overwrite + Store, threads: 256);
        Assert.That(statistics.Races.Select(race => race.Kind).Distinct(), Is.EqualTo(isClean ? (string[])[] : ["write-after-read"]));
    }

    /// <summary>A warning, since CUTLASS's own pipelines have none.</summary>
    [Test]
    public void CopiesWithoutAProxyFenceAreWarnedOf()
    {
        var (_, statistics) = Run(Copy + CopyWait + Synchronize + Fence + Multiply + Commit + Wait + Store);
        Assert.That(statistics.Warnings, Has.Count.EqualTo(1).And.All.Contains("without a fence.proxy.async"));
    }
}
