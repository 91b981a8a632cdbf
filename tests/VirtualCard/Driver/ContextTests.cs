namespace GpuOptim.Tests.VirtualCard.Driver;

/// <summary>Contexts, and calls without the right one.</summary>
public sealed unsafe class ContextTests : DriverTest
{
    private protected override int Cards => 2;

    [Test]
    public void WithoutAContextLittleWorks()
    {
        Good(Cuda.CtxSetCurrent(0));
        Bad(Cuda.MemAlloc(out _, 4), InvalidContext, "cuMemAlloc_v2", "no current context");
        Bad(Cuda.CtxSynchronize(), InvalidContext, "cuCtxSynchronize", "no current context");
        Bad(Cuda.StreamCreate(out _, 0), InvalidContext, "cuStreamCreate", "no current context");
        Good(Cuda.CtxSetCurrent(Context));
        NothingReported();
    }

    [Test]
    public void AnotherThreadHasNoContextOfItsOwn()
    {
        var result = -1;
        Thread thread = new(() => result = Cuda.MemAlloc(out _, 4));
        thread.Start();
        thread.Join();
        Bad(result, InvalidContext, "cuMemAlloc_v2", "no current context");
    }

    [Test]
    public void ContextsAreStacked()
    {
        Good(Cuda.CtxCreate(out var second, 0, 1));
        Good(Cuda.CtxGetCurrent(out var current));
        Assert.That(current, Is.EqualTo(second));
        Good(Cuda.CtxPushCurrent(Context));
        Good(Cuda.CtxPopCurrent(out current));
        Assert.That(current, Is.EqualTo(Context));
        Good(Cuda.CtxDestroy(second));
        Good(Cuda.CtxGetCurrent(out current));
        Assert.That(current, Is.EqualTo(Context));
        NothingReported();
    }

    [Test]
    public void AContextIsDestroyedOnce()
    {
        Good(Cuda.CtxCreate(out var second, 0, 0));
        Good(Cuda.CtxDestroy(second));
        Bad(Cuda.CtxDestroy(second), InvalidContext, "cuCtxDestroy_v2", "was destroyed by cuCtxDestroy_v2");
        Bad(Cuda.CtxSetCurrent(second), InvalidContext, "cuCtxSetCurrent", "was destroyed");
    }

    [Test]
    public void AThreadMayKeepADestroyedContext()
    {
        Good(Cuda.CtxCreate(out var second, 0, 0));
        var result = -1;
        using Barrier barrier = new(2);
        Thread thread = new(() =>
        {
            _ = Cuda.CtxSetCurrent(second);
            barrier.SignalAndWait();
            barrier.SignalAndWait();
            result = Cuda.CtxSynchronize();
        });
        thread.Start();
        barrier.SignalAndWait();
        Good(Cuda.CtxDestroy(second));
        barrier.SignalAndWait();
        thread.Join();
        Bad(result, 709, "cuCtxSynchronize", "was destroyed");
    }

    [Test]
    public void HandlesAreOfTheirKind()
    {
        var stream = Stream();
        Bad(Cuda.EventRecord(stream, 0), InvalidHandle, "cuEventRecord", "is no event");
        Bad(Cuda.StreamSynchronize(0x1234), InvalidHandle, "cuStreamSynchronize", "0x1234 is no stream");
        Bad(Cuda.GraphLaunch(0, stream), InvalidHandle, "cuGraphLaunch", "is null");
        Good(Cuda.StreamDestroy(stream));
    }

    [Test]
    public void StreamsAndEventsOfAnotherContextAreNotWorkedIn()
    {
        var (stream, item) = (Stream(), Event());
        Good(Cuda.CtxCreate(out var second, 0, 1));
        Bad(Cuda.StreamSynchronize(stream), InvalidHandle, "cuStreamSynchronize", "not of the current context");
        Bad(Cuda.EventRecord(item, 0), InvalidHandle, "cuEventRecord", "is of context");
        Good(Cuda.CtxDestroy(second));
        Good(Cuda.StreamDestroy(stream));
        Good(Cuda.EventDestroy(item));
    }

    [Test]
    public void MemoryOfAnotherContextIsCopiedButNotFreedNorSet()
    {
        var memory = Memory(1, 2);
        Good(Cuda.CtxCreate(out var second, 0, 1));
        var target = Memory(0, 0);
        Good(Cuda.MemcpyPeerAsync(target, second, memory, Context, 8, 0));
        Assert.That(Read(target, 2), Is.EqualTo(new uint[] { 1, 2 }));
        NothingReported();
        Bad(Cuda.MemFree(memory), InvalidValue, "cuMemFree_v2", "not of the current context");
        Bad(Cuda.MemsetD8Async(memory, 0, 8, 0), InvalidValue, "cuMemsetD8Async", "no access");
        Bad(Cuda.MemcpyPeerAsync(target, Context, memory, Context, 8, 0), InvalidValue, "cuMemcpyPeerAsync", "the destination", "is of context");
        Good(Cuda.CtxEnablePeerAccess(Context, 0));
        Good(Cuda.MemsetD8Async(memory, 0, 8, 0));
        Assert.That(Cuda.CtxEnablePeerAccess(Context, 0), Is.EqualTo(704));
        Bad(Cuda.CtxEnablePeerAccess(second, 0), 101, "cuCtxEnablePeerAccess", "current context itself");
        Good(Cuda.MemFree(target));
        Good(Cuda.CtxDestroy(second));
        Good(Cuda.MemFree(memory));
        NothingReported();
    }

    [Test]
    public void WhatIsLeftInAContextIsReported()
    {
        Good(Cuda.CtxCreate(out var second, 0, 1));
        _ = Stream();
        _ = Memory(1, 2);
        _ = PageLocked(1);
        Assert.That(Cuda.Living, Does.Contain("cuStreamCreate").And.Contain("cuMemAlloc_v2").And.Contain("cuMemAllocHost_v2").And.Contain("cuCtxCreate_v2"));
        Good(Cuda.CtxDestroy(second));
        Reported("cuCtxDestroy_v2", "3 things", "stream", "device memory", "page-locked memory");
        Assert.That(Cuda.Living, Does.Not.Contain("stream"));
    }

    [Test]
    public void ThePrimaryContextLivesWhileItIsHeld()
    {
        Good(Cuda.PrimaryRetain(out var first, 1));
        Good(Cuda.PrimaryRetain(out var again, 1));
        Assert.That(again, Is.EqualTo(first));
        Bad(Cuda.CtxDestroy(first), InvalidContext, "cuCtxDestroy_v2", "released, not destroyed");
        Good(Cuda.PrimaryRelease(1));
        Good(Cuda.PrimaryGetState(1, out _, out var active));
        Assert.That(active, Is.EqualTo(1));
        Good(Cuda.PrimaryRelease(1));
        Good(Cuda.PrimaryGetState(1, out _, out active));
        Assert.That(active, Is.Zero);
        Bad(Cuda.PrimaryRelease(1), InvalidContext, "cuDevicePrimaryCtxRelease_v2", "nobody holds");
    }

    [Test]
    public void CallsAreCounted()
    {
        Cuda.CountersReset();
        Good(Cuda.MemFree(Memory(1, 2, 3)));
        var counters = Cuda.Counters;
        Assert.That(Cuda.CallCount("cuMemAlloc_v2"), Is.EqualTo(1));
        Assert.That(counters[0], Is.EqualTo(4), "calls");
        Assert.That(counters[3], Is.EqualTo(1), "copies to the device");
        Assert.That(counters[7], Is.EqualTo(12), "their bytes");
        Assert.That(counters[13], Is.EqualTo(3), "synchronizing: the copy, the context, the free");
        Assert.That(counters[15], Is.Zero, "bytes now");
        Assert.That(counters[16], Is.EqualTo(12), "most bytes");
    }
}
