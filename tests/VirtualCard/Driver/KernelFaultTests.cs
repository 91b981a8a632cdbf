namespace GpuOptim.Tests.VirtualCard.Driver;

/// <summary>Kernels that do wrong: the context breaks, and the report names the launch.</summary>
public sealed unsafe class KernelFaultTests : KernelTest
{
    private protected override int Cards => 2;

    [Test]
    public void PastTheEndIsIllegal()
    {
        var memory = Memory(1);
        Breaks(Load(StoreText, out _), 700, [memory + 4, 1], "0 bytes past the end");
    }

    [Test]
    public void NullIsIllegal() => Breaks(Load(StoreText, out _), 700, [0, 1], "null");

    [Test]
    public void FreedMemoryIsIllegal()
    {
        var memory = Memory(1);
        Good(Cuda.MemFree(memory));
        Breaks(Load(StoreText, out _), 700, [memory, 1], "freed");
    }

    [Test]
    public void MemoryFreedAndAllocatedAgainIsNotConfused()
    {
        var memory = Memory(1);
        Good(Cuda.MemFree(memory));
        Good(Cuda.MemAlloc(out var second, 4));
        Assert.That(second, Is.Not.EqualTo(memory));
        Breaks(Load(StoreText, out _), 700, [memory, 1], "freed");
    }

    [Test]
    public void MemoryOfTheHostIsIllegalUnlessItIsPageLocked()
    {
        uint value = 0;
        Breaks(Load(StoreText, out _), 700, [(ulong)&value, 1]);
    }

    [Test]
    public void OddAddressesAreMisaligned()
    {
        var memory = Memory(1, 2);
        Breaks(Load(StoreText, out _), 716, [memory + 2, 1]);
    }

    [Test]
    public void MemoryOfAnotherContextIsIllegal()
    {
        Good(Cuda.CtxCreate(out var second, 0, 1));
        var memory = Memory(1);
        Good(Cuda.CtxPushCurrent(Context));
        Breaks(Load(StoreText, out _), 700, [memory, 1]);
        Good(Cuda.CtxPopCurrent(out _));
        // A broken context takes no other with it.
        Assert.That(Read(memory, 1)[0], Is.EqualTo(1));
        Good(Cuda.MemFree(memory));
        Good(Cuda.CtxDestroy(second));
    }

    [Test]
    public void MemoryOfAPeerIsUsed()
    {
        Good(Cuda.CtxCreate(out var second, 0, 1));
        var memory = Memory(1);
        Good(Cuda.CtxPushCurrent(Context));
        var store = Load(StoreText, out var module);
        Good(Cuda.CtxEnablePeerAccess(second, 0));
        Good(Launch(store, 0, memory, 7));
        Good(Cuda.CtxSynchronize());
        Good(Cuda.ModuleUnload(module));
        Good(Cuda.CtxPopCurrent(out _));
        Assert.That(Read(memory, 1)[0], Is.EqualTo(7));
        Good(Cuda.MemFree(memory));
        Good(Cuda.CtxDestroy(second));
        NothingReported();
    }

    [Test]
    public void WhatNobodyWroteIsNotRead()
    {
        Good(Cuda.MemAlloc(out var source, 4));
        var target = Memory(1);
        Breaks(Load(MoveText, out _), 719, [target, source]);
    }

    [Test]
    public void ATrapFailsTheLaunch() => Breaks(Load(Text("", "trap;"), out _), 719, []);

    [Test]
    public void AnAssertionFails() => Breaks(Load("""
        .version 7.0
        .target sm_80
        .address_size 64
        .extern .func __assertfail(.param .b64 a, .param .b64 b, .param .b32 c, .param .b64 d, .param .b64 e);
        .visible .entry k()
        {
            .reg .b64 %rd<2>;
            .reg .b32 %r<2>;
            mov.u64 %rd1, 0;
            mov.u32 %r1, 0;
            {
                .param .b64 a;
                st.param.b64 [a], %rd1;
                .param .b64 b;
                st.param.b64 [b], %rd1;
                .param .b32 c;
                st.param.b32 [c], %r1;
                .param .b64 d;
                st.param.b64 [d], %rd1;
                .param .b64 e;
                st.param.b64 [e], %rd1;
                call.uni __assertfail, (a, b, c, d, e);
            }
            ret;
        }
        """, out _), 710, [], "assertion");

    [Test]
    public void ABarrierThatNotAllReachIsADeadlock()
    {
        // The second warp waits at a barrier where nobody else comes.
        var kernel = Load(Text("", """
            mov.u32 %r1, %tid.x;
            setp.lt.u32 %p1, %r1, 32;
            @%p1 bra first;
            bar.sync 1, 64;
            bra end;
            first:
            bar.sync 2, 64;
            end:
            """), out _);
        Good(Launch(kernel, 0, 1, 64, 0));
        Assert.That(Cuda.CtxSynchronize(), Is.EqualTo(702));
        Reported("cuLaunchKernel #", "kernel 'k'", "cuCtxSynchronize #");
    }

    [Test]
    public void AnEndlessLoopTimesOut()
    {
        _ = Cuda.SetOption("steps", 10_000);
        Breaks(Load(Text("", "again:\nadd.u32 %r1, %r1, 1;\nbra again;"), out _), 702, []);
        _ = Cuda.SetOption("steps", 200_000_000);
    }

    [Test]
    public void WorkBehindAFaultIsNotDone()
    {
        var store = Load(StoreText, out _);
        var stream = Stream();
        var host = PageLocked(1);
        Good(Launch(store, stream, 0, 1));
        Good(Launch(store, stream, (ulong)host, 7));
        Assert.That(Cuda.StreamSynchronize(stream), Is.EqualTo(700));
        Assert.That(*host, Is.EqualTo(1));
        Reported("cuLaunchKernel #", "in stream ", "null", "cuStreamSynchronize #");
        Assert.That(Cuda.StreamDestroy(stream), Is.EqualTo(700));
        Assert.That(Cuda.MemFreeHost((nint)host), Is.EqualTo(700));
    }

    [Test]
    public void ABlockingCopyTellsOfAFault()
    {
        var store = Load(StoreText, out _);
        var memory = Memory(1);
        var value = 0u;
        Good(Launch(store, 0, 0, 1));
        Assert.That(Cuda.MemcpyDtoH(&value, memory, 4), Is.EqualTo(700));
        Reported("cuLaunchKernel #", "null", "cuMemcpyDtoH_v2 #");
    }

    [Test]
    public void RacesInSharedMemoryAreReported()
    {
        // Every thread writes, and reads what another warp wrote, with no barrier between.
        const string Body = """
            .shared .align 4 .b8 words[256];
            ld.param.u64 %rd1, [target];
            mov.u32 %r1, %tid.x;
            mov.u32 %r2, words;
            mad.lo.u32 %r3, %r1, 4, %r2;
            st.shared.u32 [%r3], %r1;
            BARRIER
            xor.b32 %r4, %r1, 32;
            mad.lo.u32 %r3, %r4, 4, %r2;
            ld.shared.u32 %r5, [%r3];
            mul.wide.u32 %rd2, %r1, 4;
            add.u64 %rd1, %rd1, %rd2;
            st.global.u32 [%rd1], %r5;
            """;
        var memory = Memory(new uint[64]);
        var right = Load(Text(".param .u64 target", Body.Replace("BARRIER", "bar.sync 0;", StringComparison.Ordinal)), out _);
        Good(Launch(right, 0, 1, 64, 0, memory));
        Assert.That(Read(memory, 64), Is.EqualTo(Enumerable.Range(0, 64).Select(i => (uint)(i ^ 32))));
        NothingReported();
        var wrong = Load(Text(".param .u64 target", Body.Replace("BARRIER", "", StringComparison.Ordinal)), out _);
        Good(Launch(wrong, 0, 1, 64, 0, memory));
        Good(Cuda.CtxSynchronize());
        Assert.That(Cuda.Reports, Is.Not.Empty.And.All.Contains("cuLaunchKernel #").And.All.Contains("kernel 'k'"));
        Cuda.ReportClear();
        _ = Cuda.SetOption("races", 0);
        Good(Launch(wrong, 0, 1, 64, 0, memory));
        Good(Cuda.CtxSynchronize());
        NothingReported();
        _ = Cuda.SetOption("races", 1);
    }

    [Test]
    public void TheCompilerFusesUnlessItIsToldNotTo()
    {
        // A product that is not exact, and the negative of what it rounds to: fused, the rest is left.
        const string Body = """
            .reg .f32 %f<4>;
            ld.param.u64 %rd1, [target];
            mov.f32 %f1, 0f3F800001;
            mov.f32 %f2, 0fBF800002;
            mul.f32 %f3, %f1, %f1;
            add.f32 %f3, %f3, %f2;
            st.global.f32 [%rd1], %f3;
            """;
        var memory = Memory(1);
        Good(Launch(Load(Text(".param .u64 target", Body), out _), 0, memory));
        Assert.That(BitConverter.UInt32BitsToSingle(Read(memory, 1)[0]), Is.GreaterThan(0));
        _ = Cuda.SetOption("contract", 0);
        Good(Launch(Load(Text(".param .u64 target", Body), out _), 0, memory));
        Assert.That(BitConverter.UInt32BitsToSingle(Read(memory, 1)[0]), Is.Zero);
        _ = Cuda.SetOption("contract", 1);
        NothingReported();
    }
}
