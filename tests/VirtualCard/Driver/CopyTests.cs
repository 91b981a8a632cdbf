namespace GpuOptim.Tests.VirtualCard.Driver;

/// <summary>When copies read and write the host's memory.</summary>
public sealed unsafe class CopyTests : DriverTest
{
    [Test]
    public void PageableMemoryIsReadAtTheCall()
    {
        var stream = Stream();
        Good(Cuda.MemAlloc(out var memory, 4));
        uint value = 5;
        Good(Cuda.MemcpyHtoDAsync(memory, &value, 4, stream));
        value = 6;
        Good(Cuda.StreamSynchronize(stream));
        Assert.That(Read(memory, 1)[0], Is.EqualTo(5));
        End(memory, stream);
    }

    [Test]
    public void ABlockingCopyOfPageableMemoryOnlyReadsItAtOnce()
    {
        // What arrives at the card may be late: a stream that does not wait for stream 0 sees what was there before.
        var stream = Stream();
        var (memory, target) = (Memory(1), Memory(0));
        SortedSet<uint> found = [];
        for (var seed = 0ul; seed < 40; seed++)
        {
            Cuda.SetSeed(seed);
            Good(Cuda.MemsetD32Async(memory, 1, 1, 0));
            Good(Cuda.CtxSynchronize());
            var value = 2u;
            Good(Cuda.MemcpyHtoD(memory, &value, 4));
            value = 3;
            Good(Cuda.MemcpyAsync(target, memory, 4, stream));
            Good(Cuda.CtxSynchronize());
            found.Add(Read(target, 1)[0]);
            Assert.That(Read(memory, 1)[0], Is.EqualTo(2));
        }
        Assert.That(found, Is.EqualTo(new uint[] { 1, 2 }));
        Good(Cuda.MemFree(target));
        End(memory, stream);
    }

    [Test]
    public void PageLockedMemoryMustKeepUntilTheCopyRuns()
    {
        var stream = Stream();
        var host = PageLocked(5, 6);
        Good(Cuda.MemAlloc(out var memory, 8));
        Good(Cuda.MemcpyHtoDAsync(memory, host, 8, stream));
        host[1] = 7;
        Good(Cuda.StreamSynchronize(stream));
        Reported("cuMemcpyHtoDAsync_v2", "stream", "host memory changed before the copy ran", "first byte 4");
        Assert.That(Read(memory, 2), Is.EqualTo(new uint[] { 5, 7 }));
        // Afterwards anybody may write there.
        host[1] = 8;
        Good(Cuda.MemFreeHost((nint)host));
        End(memory, stream);
    }

    [Test]
    public void APageLockedTargetIsWrittenLate()
    {
        var stream = Stream();
        var host = PageLocked(5);
        var memory = Memory(9);
        Good(Cuda.MemcpyDtoHAsync(host, memory, 4, stream));
        Assert.That(*host, Is.EqualTo(0x7FFF7FFF));
        Good(Cuda.StreamSynchronize(stream));
        Assert.That(*host, Is.EqualTo(9));
        Good(Cuda.MemFreeHost((nint)host));
        End(memory, stream);
    }

    [Test]
    public void APageableTargetIsWrittenAtOnce()
    {
        var stream = Stream();
        var memory = Memory(9);
        uint value = 0;
        Good(Cuda.MemsetD32Async(memory, 10, 1, stream));
        Good(Cuda.MemcpyDtoHAsync(&value, memory, 4, stream));
        Assert.That(value, Is.EqualTo(10));
        End(memory, stream);
    }

    [Test]
    public void WhatOtherWorkReadsOrWritesIsNoChangeByTheHost()
    {
        var stream = Stream();
        var host = PageLocked(5);
        var (memory, second) = (Memory(9), Memory(1));
        // There and back and there again, in the order of one stream.
        Good(Cuda.MemcpyHtoDAsync(memory, host, 4, stream));
        Good(Cuda.MemcpyDtoHAsync(host, second, 4, stream));
        Good(Cuda.MemcpyHtoDAsync(second, host, 4, stream));
        Good(Cuda.StreamSynchronize(stream));
        NothingReported();
        Assert.That(Read(memory, 1)[0], Is.EqualTo(5));
        Assert.That(*host, Is.EqualTo(1));
        Good(Cuda.MemFreeHost((nint)host));
        Good(Cuda.MemFree(second));
        End(memory, stream);
    }

    [Test]
    public void MemoryIsFreedAfterTheWorkThatUsesIt()
    {
        var stream = Stream();
        var host = PageLocked(5);
        var (memory, target) = (Memory(9), Memory(0));
        Good(Cuda.MemcpyHtoDAsync(memory, host, 4, stream));
        Good(Cuda.MemcpyAsync(target, memory, 4, stream));
        Good(Cuda.MemFreeHost((nint)host));
        Good(Cuda.MemFree(memory));
        Assert.That(Read(target, 1)[0], Is.EqualTo(5));
        End(target, stream);
    }

    [Test]
    public void ALongQueueBeginsToRun()
    {
        var stream = Stream();
        var memory = Memory(9);
        _ = Cuda.SetOption("queue", 100);
        for (var i = 0; i < 1000; i++)
            Good(Cuda.MemsetD32Async(memory, 10, 1, stream));
        Assert.That(Cuda.Counters[18], Is.InRange(1, 100));
        _ = Cuda.SetOption("queue", 1024);
        Good(Cuda.StreamSynchronize(stream));
        Assert.That(Cuda.Counters[18], Is.Zero);
        End(memory, stream);
    }

    [Test]
    public void LargeCopiesAreCopiedWhole()
    {
        const int Count = 10_000_019;
        var values = new uint[Count];
        for (var i = 0; i < Count; i++)
            values[i] = (uint)i * 2654435761;
        var memory = Memory(values);
        Assert.That(Read(memory, Count), Is.EqualTo(values));
        Good(Cuda.MemFree(memory));
        NothingReported();
    }

    private static void End(ulong memory, nint stream)
    {
        Good(Cuda.StreamDestroy(stream));
        Good(Cuda.MemFree(memory));
        NothingReported();
    }
}
