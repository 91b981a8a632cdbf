namespace GpuOptim.Tests.VirtualCard.Driver;

/// <summary>Captures of streams, and what spoils them.</summary>
public sealed unsafe class CaptureTests : DriverTest
{
    private const int Global = 0;
    private const int ThreadLocal = 1;
    private const int Relaxed = 2;

    [TestCase(Global)]
    [TestCase(ThreadLocal)]
    public void WhatSynchronizesSpoilsACapture(int mode)
    {
        var (stream, other) = (Stream(), Stream());
        var item = Event();
        var memory = Memory(0);
        var value = stackalloc uint[1];
        Spoils(stream, mode, () => Cuda.StreamSynchronize(stream), 900, "cuStreamSynchronize", "captures");
        Spoils(stream, mode, () => Cuda.StreamSynchronize(other), 900, "cuStreamSynchronize", "captures");
        Spoils(stream, mode, () => Cuda.StreamQuery(stream), 900, "cuStreamQuery");
        Spoils(stream, mode, Cuda.CtxSynchronize, 900, "cuCtxSynchronize");
        Spoils(stream, mode, () => Cuda.EventQuery(item), 900, "cuEventQuery");
        Spoils(stream, mode, () => Cuda.MemAlloc(out _, 4), 900, "cuMemAlloc_v2");
        Spoils(stream, mode, () => Cuda.MemFree(memory), 900, "cuMemFree_v2");
        Spoils(stream, mode, () => Cuda.MemAllocHost(out _, 4), 900, "cuMemAllocHost_v2");
        Spoils(stream, mode, () => Cuda.MemcpyHtoD(memory, value, 4), 900, "cuMemcpyHtoD_v2");
        Spoils(stream, mode, () => Cuda.MemcpyHtoDAsync(memory, value, 4, stream), 900, "cuMemcpyHtoDAsync_v2", "page-locked");
        Spoils(stream, mode, () => Cuda.ModuleLoadData(out _, ""), 900, "cuModuleLoadData");
        Good(Cuda.EventDestroy(item));
        Good(Cuda.StreamDestroy(other));
        End(memory, stream);
    }

    [Test]
    public void ARelaxedCaptureForbidsLess()
    {
        var (stream, other) = (Stream(), Stream());
        Good(Cuda.StreamBeginCapture(stream, Relaxed));
        Good(Cuda.MemAlloc(out var memory, 4));
        Good(Cuda.StreamSynchronize(other));
        Good(Cuda.MemsetD8Async(memory, 1, 4, stream));
        Good(Cuda.StreamEndCapture(stream, out var graph));
        Good(Cuda.GraphDestroy(graph));
        Good(Cuda.StreamDestroy(other));
        End(memory, stream);
    }

    [TestCase(Global, 900)]
    [TestCase(ThreadLocal, 0)]
    public void OtherThreadsAreForbiddenByAGlobalCapture(int mode, int expected)
    {
        var stream = Stream();
        Good(Cuda.StreamBeginCapture(stream, mode));
        var result = -1;
        Thread thread = new(() =>
        {
            _ = Cuda.CtxSetCurrent(Context);
            result = Cuda.MemAlloc(out var memory, 4);
            if (result == 0)
                _ = Cuda.MemFree(memory);
        });
        thread.Start();
        thread.Join();
        Assert.That(result, Is.EqualTo(expected));
        Assert.That(Cuda.StreamEndCapture(stream, out var graph), Is.EqualTo(expected == 0 ? 0 : 901));
        if (expected == 0)
            Good(Cuda.GraphDestroy(graph));
        Good(Cuda.StreamDestroy(stream));
    }

    [Test]
    public void StreamZeroWaitsForNoCapture()
    {
        var stream = Stream(0);
        var memory = Memory(0);
        Bad(Cuda.StreamBeginCapture(0, Global), 900, "cuStreamBeginCapture_v2", "stream 0");
        Spoils(stream, Relaxed, () => Cuda.MemsetD32Async(memory, 1, 1, 0), 906, "cuMemsetD32Async", "stream 0 would wait");
        var free = Stream();
        Good(Cuda.StreamBeginCapture(free, Relaxed));
        Good(Cuda.MemsetD32Async(memory, 1, 1, 0));
        Good(Cuda.StreamEndCapture(free, out var graph));
        Good(Cuda.GraphDestroy(graph));
        Good(Cuda.StreamDestroy(free));
        End(memory, stream);
    }

    [Test]
    public void ACaptureEndsWhereItBegan()
    {
        var (first, second) = (Stream(), Stream());
        var fork = Event();
        Bad(Cuda.StreamEndCapture(first, out _), InvalidValue, "cuStreamEndCapture", "does not capture");
        Good(Cuda.StreamBeginCapture(first, Global));
        Good(Cuda.EventRecord(fork, first));
        Good(Cuda.StreamWaitEvent(second, fork, 0));
        Bad(Cuda.StreamEndCapture(second, out _), 903, "cuStreamEndCapture", "began in");
        Assert.That(Cuda.StreamEndCapture(first, out _), Is.EqualTo(901));
        Good(Cuda.EventDestroy(fork));
        Good(Cuda.StreamDestroy(first));
        Good(Cuda.StreamDestroy(second));
    }

    [Test]
    public void ForkedWorkMustBeJoined()
    {
        var (first, second) = (Stream(), Stream());
        var fork = Event();
        var memory = Memory(0);
        Good(Cuda.StreamBeginCapture(first, Global));
        Good(Cuda.EventRecord(fork, first));
        Good(Cuda.StreamWaitEvent(second, fork, 0));
        Good(Cuda.MemsetD32Async(memory, 1, 1, second));
        Bad(Cuda.StreamEndCapture(first, out _), 904, "cuStreamEndCapture", "does not wait for", "memset");
        Good(Cuda.EventDestroy(fork));
        Good(Cuda.StreamDestroy(second));
        End(memory, first);
    }

    [Test]
    public void CapturesKeepToThemselves()
    {
        var (first, second) = (Stream(), Stream());
        var (outside, inside) = (Event(), Event());
        Good(Cuda.EventRecord(outside, second));
        Spoils(first, Global, () => Cuda.StreamWaitEvent(first, outside, 0), 905, "cuStreamWaitEvent", "not recorded in its capture");
        Good(Cuda.StreamBeginCapture(first, Relaxed));
        Good(Cuda.EventRecord(inside, first));
        Bad(Cuda.EventSynchronize(inside), 907, "cuEventSynchronize", "captures");
        Assert.That(Cuda.StreamEndCapture(first, out _), Is.EqualTo(901));
        Good(Cuda.StreamBeginCapture(first, Relaxed));
        Good(Cuda.StreamBeginCapture(second, Relaxed));
        Good(Cuda.EventRecord(inside, first));
        Bad(Cuda.StreamWaitEvent(second, inside, 0), 902, "cuStreamWaitEvent", "two captures");
        Assert.That(Cuda.StreamEndCapture(first, out _), Is.EqualTo(901));
        Assert.That(Cuda.StreamEndCapture(second, out _), Is.EqualTo(901));
        foreach (var item in (nint[])[outside, inside])
            Good(Cuda.EventDestroy(item));
        foreach (var stream in (nint[])[first, second])
            Good(Cuda.StreamDestroy(stream));
        NothingReported();
    }

    [Test]
    public void ACaptureEndsInItsThread()
    {
        var stream = Stream();
        Good(Cuda.StreamBeginCapture(stream, ThreadLocal));
        var result = 0;
        Thread thread = new(() =>
        {
            _ = Cuda.CtxSetCurrent(Context);
            result = Cuda.StreamEndCapture(stream, out _);
        });
        thread.Start();
        thread.Join();
        Bad(result, 908, "cuStreamEndCapture", "another thread");
        Good(Cuda.StreamEndCapture(stream, out var graph));
        Good(Cuda.GraphDestroy(graph));
        Good(Cuda.StreamDestroy(stream));
    }

    /// <summary>A call that fails in a capture, and the capture with it.</summary>
    private static void Spoils(nint stream, int mode, Func<int> call, int expected, params string[] words)
    {
        Good(Cuda.StreamBeginCapture(stream, mode));
        Bad(call(), expected, words);
        Good(Cuda.StreamIsCapturing(stream, out var status));
        Assert.That(status, Is.EqualTo(2));
        Assert.That(Cuda.StreamEndCapture(stream, out _), Is.EqualTo(901));
        NothingReported();
    }

    private static void End(ulong memory, nint stream)
    {
        Good(Cuda.StreamDestroy(stream));
        Good(Cuda.MemFree(memory));
        NothingReported();
    }
}
