namespace GpuOptim.Tests.VirtualCard.Driver;

/// <summary>The order of work in streams: what they and events promise holds with every seed, and what they do not fails with some.</summary>
public sealed unsafe class StreamTests : DriverTest
{
    [Test]
    public void AStreamKeepsItsOrder()
    {
        var stream = Stream();
        var memory = Memory(0);
        Assert.That(Outcomes(() =>
        {
            Good(Cuda.MemsetD32Async(memory, 1, 1, stream));
            Good(Cuda.MemsetD32Async(memory, 2, 1, stream));
            Good(Cuda.StreamSynchronize(stream));
            return Read(memory, 1)[0];
        }), Is.EqualTo(new uint[] { 2 }));
        End(memory, stream);
    }

    [Test]
    public void TwoStreamsHaveNone()
    {
        var (first, second) = (Stream(), Stream());
        var memory = Memory(0);
        Assert.That(Outcomes(() =>
        {
            Good(Cuda.MemsetD32Async(memory, 1, 1, first));
            Good(Cuda.MemsetD32Async(memory, 2, 1, second));
            Good(Cuda.CtxSynchronize());
            return Read(memory, 1)[0];
        }), Is.EqualTo(new uint[] { 1, 2 }));
        End(memory, first, second);
    }

    [Test]
    public void WorkRunsLateAndNotAtAllWithoutAWait()
    {
        var stream = Stream();
        var memory = Memory(0);
        Good(Cuda.MemsetD32Async(memory, 1, 1, stream));
        // Stream 0 does not wait for a stream that does not block.
        Assert.That(Outcomes(() =>
        {
            Good(Cuda.MemsetD32Async(memory, 1, 1, stream));
            var result = Read(memory, 1)[0];
            Good(Cuda.CtxSynchronize());
            Good(Cuda.MemsetD32Async(memory, 0, 1, 0));
            return result;
        }), Is.EqualTo(new uint[] { 0, 1 }));
        Good(Cuda.CtxSynchronize());
        End(memory, stream);
    }

    [Test]
    public void AnEventOrdersTwoStreams()
    {
        var (first, second) = (Stream(), Stream());
        var item = Event();
        var memory = Memory(0);
        Assert.That(Outcomes(() =>
        {
            Good(Cuda.MemsetD32Async(memory, 1, 1, first));
            Good(Cuda.EventRecord(item, first));
            Good(Cuda.StreamWaitEvent(second, item, 0));
            Good(Cuda.MemsetD32Async(memory, 2, 1, second));
            Good(Cuda.CtxSynchronize());
            return Read(memory, 1)[0];
        }), Is.EqualTo(new uint[] { 2 }));
        Good(Cuda.EventDestroy(item));
        End(memory, first, second);
    }

    [Test]
    public void AnEventStandsForTheWorkBeforeItsRecord()
    {
        var (first, second) = (Stream(), Stream());
        var item = Event();
        var memory = Memory(0);
        // Recorded too early, or waited for too early: the orders that are left differ.
        Assert.That(Outcomes(() =>
        {
            Good(Cuda.EventRecord(item, first));
            Good(Cuda.MemsetD32Async(memory, 1, 1, first));
            Good(Cuda.StreamWaitEvent(second, item, 0));
            Good(Cuda.MemsetD32Async(memory, 2, 1, second));
            Good(Cuda.CtxSynchronize());
            return Read(memory, 1)[0];
        }), Is.EqualTo(new uint[] { 1, 2 }));
        Assert.That(Outcomes(() =>
        {
            Good(Cuda.MemsetD32Async(memory, 1, 1, first));
            Good(Cuda.StreamWaitEvent(second, item, 0));
            Good(Cuda.EventRecord(item, first));
            Good(Cuda.MemsetD32Async(memory, 2, 1, second));
            Good(Cuda.CtxSynchronize());
            return Read(memory, 1)[0];
        }), Is.EqualTo(new uint[] { 1, 2 }));
        Good(Cuda.EventDestroy(item));
        End(memory, first, second);
    }

    [Test]
    public void AWaitKeepsTheRecordThatItSaw()
    {
        var (first, second) = (Stream(), Stream());
        var item = Event();
        var memory = Memory(0, 0);
        Assert.That(Outcomes(() =>
        {
            Good(Cuda.MemsetD32Async(memory, 1, 1, first));
            Good(Cuda.EventRecord(item, first));
            Good(Cuda.StreamWaitEvent(second, item, 0));
            // Recorded again: the wait before is for the first record.
            Good(Cuda.EventRecord(item, second));
            Good(Cuda.MemsetD32Async(memory, 2, 1, second));
            Good(Cuda.CtxSynchronize());
            return Read(memory, 1)[0];
        }), Is.EqualTo(new uint[] { 2 }));
        Good(Cuda.EventDestroy(item));
        End(memory, first, second);
    }

    [Test]
    public void StreamZeroWaitsForBlockingStreamsAndTheyForIt()
    {
        var (first, second) = (Stream(0), Stream(0));
        var memory = Memory(0);
        Assert.That(Outcomes(() =>
        {
            Good(Cuda.MemsetD32Async(memory, 1, 1, first));
            Good(Cuda.MemsetD32Async(memory, 2, 1, 0));
            Good(Cuda.MemsetD32Async(memory, 3, 1, second));
            Good(Cuda.CtxSynchronize());
            return Read(memory, 1)[0];
        }), Is.EqualTo(new uint[] { 3 }));
        End(memory, first, second);
    }

    [Test]
    public void EachThreadHasADefaultStreamOfItsOwn()
    {
        const nint ThreadStream = 2;
        var memory = Memory(0);
        void InAnotherThread()
        {
            Thread thread = new(() =>
            {
                _ = Cuda.CtxSetCurrent(Context);
                _ = Cuda.MemsetD32Async(memory, 2, 1, ThreadStream);
            });
            thread.Start();
            thread.Join();
        }

        Assert.That(Outcomes(() =>
        {
            Good(Cuda.MemsetD32Async(memory, 1, 1, ThreadStream));
            InAnotherThread();
            Good(Cuda.CtxSynchronize());
            return Read(memory, 1)[0];
        }), Is.EqualTo(new uint[] { 1, 2 }));
        // Stream 0 comes between.
        Assert.That(Outcomes(() =>
        {
            Good(Cuda.MemsetD32Async(memory, 1, 1, ThreadStream));
            Good(Cuda.MemsetD32Async(memory, 3, 1, 0));
            InAnotherThread();
            Good(Cuda.CtxSynchronize());
            return Read(memory, 1)[0];
        }), Is.EqualTo(new uint[] { 2 }));
        End(memory);
    }

    [Test]
    public void ThreadsCallTheDriverAllAtOnce()
    {
        const int Threads = 4;
        const uint Count = 200;
        List<string> wrong = [];
        void Work()
        {
            // Each with a context and streams of its own.
            var result = Cuda.CtxCreate(out var context, 0, 0) | Cuda.StreamCreate(out var first, 1) | Cuda.StreamCreate(out var second, 1);
            result |= Cuda.EventCreate(out var item, 2) | Cuda.MemAlloc(out var memory, 8);
            uint value = 0;
            for (var i = 1u; i <= Count; i++)
            {
                result |= Cuda.MemsetD32Async(memory, i, 1, first) | Cuda.EventRecord(item, first) | Cuda.StreamWaitEvent(second, item, 0);
                result |= Cuda.MemcpyAsync(memory + 4, memory, 4, second) | Cuda.EventRecord(item, second) | Cuda.StreamWaitEvent(first, item, 0);
                if (i % 10 != 0)
                    continue;
                result |= Cuda.StreamSynchronize(second) | Cuda.MemcpyDtoH(&value, memory + 4, 4);
                if (value != i)
                    lock (wrong)
                        wrong.Add($"{value} instead of {i}");
            }
            result |= Cuda.EventDestroy(item) | Cuda.StreamDestroy(first) | Cuda.StreamDestroy(second) | Cuda.MemFree(memory) | Cuda.CtxDestroy(context);
            if (result != 0)
                lock (wrong)
                    wrong.Add($"a call answered {result}");
        }

        Thread[] threads = [.. Enumerable.Range(0, Threads).Select(_ => new Thread(Work))];
        foreach (var thread in threads)
            thread.Start();
        foreach (var thread in threads)
            thread.Join();
        Assert.That(wrong, Is.Empty);
        NothingReported();
    }

    [Test]
    public void ADestroyedStreamsWorkIsDone()
    {
        var stream = Stream(0);
        var item = Event();
        var memory = Memory(0);
        Good(Cuda.MemsetD32Async(memory, 1, 1, stream));
        Good(Cuda.EventRecord(item, stream));
        Good(Cuda.StreamDestroy(stream));
        Good(Cuda.EventDestroy(item));
        Assert.That(Read(memory, 1)[0], Is.EqualTo(1));
        Bad(Cuda.StreamDestroy(stream), InvalidHandle, "cuStreamDestroy_v2", "was destroyed by cuStreamDestroy_v2");
        Bad(Cuda.EventDestroy(item), InvalidHandle, "cuEventDestroy_v2", "was destroyed by cuEventDestroy_v2");
        Bad(Cuda.MemsetD8Async(memory, 1, 1, stream), InvalidHandle, "cuMemsetD8Async", "was destroyed");
        Good(Cuda.MemFree(memory));
    }

    [Test]
    public void EventsAreDoneInTheEndWhoeverAsks()
    {
        var stream = Stream();
        var item = Event();
        Good(Cuda.EventQuery(item));
        var memory = Memory(0);
        for (var i = 0; i < 20; i++)
            Good(Cuda.MemsetD32Async(memory, 1, 1, stream));
        Good(Cuda.EventRecord(item, stream));
        Assert.That(Cuda.EventQuery(item), Is.EqualTo(NotReady));
        Assert.That(Cuda.StreamQuery(stream), Is.EqualTo(NotReady));
        var asked = 0;
        while (Cuda.EventQuery(item) == NotReady)
            Assert.That(++asked, Is.LessThan(10_000));
        Good(Cuda.EventQuery(item));
        Good(Cuda.StreamQuery(stream));
        Good(Cuda.EventDestroy(item));
        End(memory, stream);
    }

    [Test]
    public void EventsMeasureTime()
    {
        var (start, end, plain) = (Event(), Event(), Event(flags: 2));
        Bad(Cuda.EventElapsedTime(out _, start, end), InvalidHandle, "cuEventElapsedTime", "never recorded");
        Good(Cuda.EventRecord(start, 0));
        Good(Cuda.EventRecord(end, 0));
        Good(Cuda.EventRecord(plain, 0));
        Assert.That(Cuda.EventElapsedTime(out _, start, end), Is.EqualTo(NotReady));
        Bad(Cuda.EventElapsedTime(out _, start, plain), InvalidHandle, "cuEventElapsedTime", "without timing");
        Good(Cuda.EventSynchronize(end));
        Good(Cuda.EventElapsedTime(out var time, start, end));
        Assert.That(time, Is.GreaterThanOrEqualTo(0));
        Good(Cuda.EventDestroy(start));
        Good(Cuda.EventDestroy(end));
        Good(Cuda.EventDestroy(plain));
        NothingReported();
    }

    private static void End(ulong memory, params nint[] streams)
    {
        foreach (var stream in streams)
            Good(Cuda.StreamDestroy(stream));
        Good(Cuda.MemFree(memory));
        NothingReported();
    }
}
