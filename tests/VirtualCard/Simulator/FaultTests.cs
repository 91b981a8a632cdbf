using VirtualCard.Execution;

namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>What a kernel does wrong is told, with where and by whom.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class FaultTests
{
    private static readonly string _load = PtxProgram.Thread + PtxProgram.Address("%d1", "%a", "%r3", 4) + "ld.global.f32 %f1, [%d1]; ret;";

    [Test]
    public void AnAccessBehindABufferNamesIt()
    {
        using var card = new Card();
        var weights = card.Zeros<float>(100, "weights");
        Expect.Fault(
            FaultKind.IllegalAddress,
            () => card.Launch(PtxProgram.Kernel("u64 a", _load), 4, 32, [weights]),
            "out-of-bounds global load",
            "past the end of weights",
            "kernel k",
            "PTX line",
            "ld.global.f32 %f1, [%d1]",
            "thread (4, 0, 0) of block (3, 0, 0)");
    }

    [Test]
    public void FreedMemoryIsNotRead()
    {
        using var card = new Card();
        var weights = card.Zeros<float>(100, "weights");
        weights.Free();
        Expect.Fault(FaultKind.IllegalAddress, () => card.Launch(PtxProgram.Kernel("u64 a", _load), 1, 32, [weights.Address]), "out-of-bounds global load", "weights", "freed");
    }

    [Test]
    public void WhatNobodyHasWrittenIsNotRead()
    {
        using var card = new Card();
        var allocation = card.Memory.Allocate(128, "weights");
        Expect.Fault(FaultKind.Uninitialized, () => card.Launch(PtxProgram.Kernel("u64 a", _load), 1, 32, [allocation.Start]), "weights", "never written", "thread (0, 0, 0)");
    }

    /// <summary>A kernel's own store counts.</summary>
    [Test]
    public void WhatAKernelHasWrittenIsRead()
    {
        using var card = new Card();
        var allocation = card.Memory.Allocate(128, "weights");
        var store = PtxProgram.Thread + PtxProgram.Address("%d1", "%a", "%r3", 4) + "st.global.u32 [%d1], %r3; ret;";
        card.Launch(PtxProgram.Kernel("u64 a", store), 1, 32, [allocation.Start]);
        Assert.That(() => card.Launch(PtxProgram.Kernel("u64 a", _load), 1, 32, [allocation.Start]), Throws.Nothing);
    }

    [Test]
    public void MemoryOfAnotherContextIsNotRead()
    {
        using var card = new Card();
        var weights = card.Zeros<float>(100, "weights");
        Expect.Fault(
            FaultKind.IllegalAddress,
            () => card.Launch(PtxProgram.Kernel("u64 a", _load), 1, 32, [weights], request => request with { MayUse = allocation => allocation.Name != "weights" }),
            "weights");
    }

    [Test]
    public void NullIsNotWritten() =>
        AssertFault(FaultKind.IllegalAddress, "st.global.u32 [%a], %r0; ret;", ["out-of-bounds global store", "null"], 32);

    [TestCase(2ul, "ld.global.f32 %f1, [%a]; ret;")]
    [TestCase(0ul, "ld.global.v4.f32 {%f1, %f2, %f3, %f4}, [%a+8]; ret;")]
    public void AnAddressMustBeAMultipleOfTheWidth(ulong offset, string body)
    {
        using var card = new Card();
        var weights = card.Zeros<float>(100);
        Expect.Fault(FaultKind.MisalignedAddress, () => card.Launch(PtxProgram.Kernel("u64 a", PtxProgram.Thread + body), 1, 32, [weights.Address + offset]), "misaligned global load");
    }

    /// <summary>There is another array behind it.</summary>
    [Test]
    public void SharedArraysDoNotRunOver() => AssertFault(
        FaultKind.IllegalAddress,
        ".shared .align 4 .b8 s1[128]; .shared .align 4 .b8 s2[128]; mov.u32 %r4, s1; mad.lo.u32 %r5, %r0, 4, %r4; st.shared.u32 [%r5], %r0; ret;",
        ["out-of-bounds shared store", "s1+128", "thread (32, 0, 0)"],
        64);

    [Test]
    public void LocalArraysDoNotRunOver() => AssertFault(
        FaultKind.IllegalAddress,
        ".local .align 4 .b8 l1[16]; mov.u64 %d1, l1; mul.wide.u32 %d2, %r0, 4; add.u64 %d1, %d1, %d2; st.local.u32 [%d1], %r0; ret;",
        ["out-of-bounds local store", "l1+16"],
        32);

    [Test]
    public void ASharedAddressIsNotAGenericOne() =>
        AssertFault(FaultKind.IllegalAddress, ".shared .align 4 .b8 s1[64]; mov.u64 %d1, s1; ld.u32 %r4, [%d1]; ret;", ["out-of-bounds global load"], 32);

    [Test]
    public void AnEndlessLoopEnds()
    {
        using var card = new Card();
        Expect.Fault(FaultKind.Endless, () => card.Launch(PtxProgram.Kernel("", "L: bra L;"), 1, 32, [], request => request with { MaxSteps = 1000 }), "endless loop");
    }

    [Test]
    public void ATrapEndsTheKernel() => AssertFault(FaultKind.Trap, "trap; ret;", ["trap"], 32);

    [Test]
    public void AFailedAssertionEndsTheKernel()
    {
        using var card = new Card();
        const string Body = ".param .b64 a; st.param.b64 [a], %x; call __assertfail, (a); ret;";
        Expect.Fault(
            FaultKind.Trap,
            () => card.Launch(PtxProgram.Kernel("u64 x", Body, ".extern .func __assertfail (.param .b64 m);"), 1, 1, [0ul]),
            "device-side assertion failed");
    }

    private static void AssertFault(FaultKind kind, string body, string[] parts, int threads)
    {
        using var card = new Card();
        Expect.Fault(kind, () => card.Launch(PtxProgram.Kernel("u64 a", PtxProgram.Thread + body), 1, threads, [0ul]), parts);
    }
}
