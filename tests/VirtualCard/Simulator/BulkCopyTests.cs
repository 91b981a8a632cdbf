using VirtualCard.Execution;
using static GpuOptim.Tests.VirtualCard.Simulator.MbarrierProgram;

namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>cp.async.bulk, both ways.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class BulkCopyTests
{
    private const string Load = """
        @%p1 mbarrier.arrive.expect_tx.shared::cta.b64 _, [%r5], 1024;
        @%p1 cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%r4], [%x], 1024, [%r5];

        """;

    private const string Read = "shl.b32 %r11, %r0, 4; add.u32 %r11, %r11, %r4; ld.shared.u32 %r9, [%r11];\n";

    private const string Fill = "mul.lo.u32 %r10, %r0, 3; shl.b32 %r11, %r0, 2; add.u32 %r11, %r11, %r4; st.shared.u32 [%r11], %r10;\n";

    private const string StoreAll = """
        @%p1 cp.async.bulk.global.shared::cta.bulk_group [%y], [%r4], 256;
        @%p1 cp.async.bulk.commit_group;

        """;

    private const string StoreWait = "@%p1 cp.async.bulk.wait_group.read 0;\n";

    private static readonly string _prepare = Initialize(1) + Synchronize;

    [Test]
    public void ALoadLandsAtItsBarrier([Values(null, 1, 2)] int? seed)
    {
        var (result, statistics) = Run(Initialize(1) + ProxyFence + Synchronize + Load + Wait("0") + Read + Store, seed: seed);
        Assert.That(result, Is.EqualTo(Enumerable.Range(0, 64).Select(i => 4 * i)));
        Expect.Clean(statistics);
        Assert.That(statistics.BulkBytes, Is.EqualTo(1024));
    }

    [Test]
    public void ALoadMustBeWaitedFor() => Fault(FaultKind.Undefined, _prepare + Load + Synchronize + Read + Store, "read while the cp.async.bulk");

    [Test]
    public void MoreBytesAreExpected() =>
        Fault(FaultKind.Deadlock, _prepare + Load.Replace("_, [%r5], 1024", "_, [%r5], 2048", StringComparison.Ordinal) + Wait("0"), "deadlock", "1024 bytes missing");

    [Test]
    public void ASizeIsAMultipleOf16() => Fault(FaultKind.Undefined, _prepare + Load.Replace("1024, [%r5]", "1000, [%r5]", StringComparison.Ordinal), "multiple of 16");

    [Test]
    public void ALoadFromBehindABufferIsAFault() =>
        Fault(FaultKind.IllegalAddress, _prepare + Load.Replace("[%x]", "[%x+3584]", StringComparison.Ordinal), "out-of-bounds", "past the end of x");

    [Test]
    public void AnAddressIsAMultipleOf16() => Fault(FaultKind.MisalignedAddress, _prepare + Load.Replace("[%x]", "[%x+8]", StringComparison.Ordinal), "misaligned");

    [Test]
    public void ALoadThatOutlivesTheKernelIsWarnedOf()
    {
        var (_, statistics) = Run(_prepare + Load);
        Assert.That(statistics.Warnings, Is.EqualTo(["cp.async.bulk still in flight at kernel exit (block (0, 0, 0))"]));
    }

    [Test]
    public void AStoreReadsBehindAFence()
    {
        var (result, statistics) = Run(Fill + ProxyFence + Synchronize + StoreAll + StoreWait + Synchronize + Fill);
        Assert.That(result, Is.EqualTo(Enumerable.Range(0, 64).Select(i => 3 * i)));
        Expect.Clean(statistics);
    }

    [Test]
    public void AStoreNeedsAFence() => Fault(FaultKind.Undefined, Fill + Synchronize + StoreAll + StoreWait, "without a fence.proxy.async");

    [Test]
    public void AStoreMustBeWaitedFor() =>
        Fault(FaultKind.Undefined, Fill + ProxyFence + Synchronize + StoreAll + Synchronize + Fill, "overwritten while the cp.async.bulk");

    [Test]
    public void ReadsBeforeABarrierDoNotRaceWithALoad()
    {
        var (_, statistics) = Run(Read + _prepare + Load + Wait("0") + Read + Store);
        Assert.That(statistics.Races, Is.Empty);
    }

    /// <summary>With no barrier between another warp's read and the copy.</summary>
    [Test]
    public void AReadRacesWithALoad()
    {
        var (_, statistics) = Run(_prepare + "@!%p2 bra LOAD;\n" + Read + "LOAD: setp.eq.u32 %p1, %r0, 32;\n" + Load + Wait("0") + Store);
        Assert.That(statistics.Races.Select(race => race.Kind), Is.EqualTo(["write-after-read"]));
    }

    private static void Fault(FaultKind kind, string parts, params string[] report) => Expect.Fault(kind, () => Run(parts), report);
}
