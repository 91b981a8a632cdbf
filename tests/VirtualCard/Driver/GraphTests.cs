using System.Runtime.InteropServices;

namespace GpuOptim.Tests.VirtualCard.Driver;

/// <summary>Graphs, captured and launched.</summary>
public sealed unsafe class GraphTests : DriverTest
{
    private const int Global = 0;

    private static int _calls;

    [Test]
    public void AGraphDoesItsWorkAtEachLaunch()
    {
        var stream = Stream();
        var memory = Memory(0, 0);
        var host = PageLocked(1);
        Good(Cuda.StreamBeginCapture(stream, Global));
        Good(Cuda.MemcpyHtoDAsync(memory, host, 4, stream));
        Good(Cuda.MemcpyAsync(memory + 4, memory, 4, stream));
        Good(Cuda.StreamEndCapture(stream, out var graph));
        nuint count = 0;
        Good(Cuda.GraphGetNodes(graph, null, ref count));
        Assert.That(count, Is.EqualTo((nuint)2));
        Good(Cuda.GraphInstantiate(out var executable, graph, 0));
        Good(Cuda.GraphDestroy(graph));
        Assert.That(Read(memory, 2), Is.EqualTo(new uint[] { 0, 0 }), "a capture does nothing");
        for (var value = 3u; value < 6; value++)
        {
            *host = value;
            Good(Cuda.GraphLaunch(executable, stream));
            Good(Cuda.StreamSynchronize(stream));
            Assert.That(Read(memory, 2), Is.EqualTo(new[] { value, value }));
        }
        Good(Cuda.GraphExecDestroy(executable));
        End(memory, host, stream);
    }

    [Test]
    public void AGraphsSourceMustKeepUntilItRuns()
    {
        var stream = Stream();
        var memory = Memory(0);
        var host = PageLocked(1);
        var executable = Captured(stream, () => Good(Cuda.MemcpyHtoDAsync(memory, host, 4, stream)));
        Good(Cuda.GraphLaunch(executable, stream));
        *host = 2;
        Good(Cuda.StreamSynchronize(stream));
        Reported("cuGraphLaunch", "host memory changed before the copy ran");
        Good(Cuda.GraphExecDestroy(executable));
        End(memory, host, stream);
    }

    [Test]
    public void StreamsForkAndJoinInACapture()
    {
        var (first, second) = (Stream(), Stream());
        var (fork, join) = (Event(), Event());
        var memory = Memory(0, 0, 0);
        var executable = Captured(first, () =>
        {
            Good(Cuda.MemsetD32Async(memory, 1, 2, first));
            Good(Cuda.EventRecord(fork, first));
            Good(Cuda.StreamWaitEvent(second, fork, 0));
            Good(Cuda.StreamIsCapturing(second, out var status));
            Assert.That(status, Is.EqualTo(1));
            Good(Cuda.MemsetD32Async(memory, 2, 1, first));
            Good(Cuda.MemsetD32Async(memory + 4, 3, 1, second));
            Good(Cuda.EventRecord(join, second));
            Good(Cuda.StreamWaitEvent(first, join, 0));
            Good(Cuda.MemcpyAsync(memory + 8, memory + 4, 4, first));
        });
        for (var seed = 0ul; seed < 20; seed++)
        {
            Cuda.SetSeed(seed);
            Good(Cuda.GraphLaunch(executable, first));
            Good(Cuda.StreamSynchronize(first));
            Assert.That(Read(memory, 3), Is.EqualTo(new uint[] { 2, 3, 3 }));
            Good(Cuda.MemsetD32Async(memory, 0, 3, 0));
            Good(Cuda.CtxSynchronize());
        }
        Good(Cuda.GraphExecDestroy(executable));
        Good(Cuda.EventDestroy(fork));
        Good(Cuda.EventDestroy(join));
        Good(Cuda.StreamDestroy(second));
        End(memory, null, first);
    }

    [Test]
    public void NodesWithoutAnOrderRunInAny()
    {
        var (first, second) = (Stream(), Stream());
        var (fork, join) = (Event(), Event());
        var memory = Memory(0);
        var executable = Captured(first, () =>
        {
            Good(Cuda.EventRecord(fork, first));
            Good(Cuda.StreamWaitEvent(second, fork, 0));
            Good(Cuda.MemsetD32Async(memory, 1, 1, first));
            Good(Cuda.MemsetD32Async(memory, 2, 1, second));
            Good(Cuda.EventRecord(join, second));
            Good(Cuda.StreamWaitEvent(first, join, 0));
        });
        HashSet<uint> found = [];
        for (var seed = 0ul; seed < 40; seed++)
        {
            Cuda.SetSeed(seed);
            Good(Cuda.GraphLaunch(executable, first));
            Good(Cuda.StreamSynchronize(first));
            found.Add(Read(memory, 1)[0]);
        }
        Assert.That(found, Is.EquivalentTo(new uint[] { 1, 2 }));
        Good(Cuda.GraphExecDestroy(executable));
        Good(Cuda.EventDestroy(fork));
        Good(Cuda.EventDestroy(join));
        Good(Cuda.StreamDestroy(second));
        End(memory, null, first);
    }

    [Test]
    public void AHostFunctionIsANode()
    {
        var stream = Stream();
        _calls = 0;
        var executable = Captured(stream, () => Good(Cuda.LaunchHostFunc(stream, &Count, null)));
        Good(Cuda.GraphLaunch(executable, stream));
        Good(Cuda.GraphLaunch(executable, stream));
        Good(Cuda.StreamSynchronize(stream));
        Assert.That(_calls, Is.EqualTo(2));
        Good(Cuda.GraphExecDestroy(executable));
        Good(Cuda.StreamDestroy(stream));
        NothingReported();
    }

    [Test]
    public void AGraphIsUpdatedByOneOfTheSameShape()
    {
        var stream = Stream();
        var memory = Memory(0);
        var executable = Captured(stream, () => Good(Cuda.MemsetD32Async(memory, 1, 1, stream)));
        Good(Cuda.StreamBeginCapture(stream, Global));
        Good(Cuda.MemsetD32Async(memory, 2, 1, stream));
        Good(Cuda.StreamEndCapture(stream, out var graph));
        var outcome = stackalloc nint[3];
        Good(Cuda.GraphExecUpdate(executable, graph, outcome));
        Good(Cuda.GraphDestroy(graph));
        Good(Cuda.GraphLaunch(executable, stream));
        Good(Cuda.StreamSynchronize(stream));
        Assert.That(Read(memory, 1)[0], Is.EqualTo(2));
        Good(Cuda.StreamBeginCapture(stream, Global));
        Good(Cuda.MemsetD32Async(memory, 2, 1, stream));
        Good(Cuda.MemsetD32Async(memory, 2, 1, stream));
        Good(Cuda.StreamEndCapture(stream, out graph));
        Bad(Cuda.GraphExecUpdate(executable, graph, outcome), 910, "cuGraphExecUpdate_v2", "differs", "dependencies");
        Good(Cuda.GraphDestroy(graph));
        Good(Cuda.GraphExecDestroy(executable));
        End(memory, null, stream);
    }

    [Test]
    public void WhatAGraphUsesMustLive()
    {
        var stream = Stream();
        var memory = Memory(0);
        var executable = Captured(stream, () => Good(Cuda.MemsetD32Async(memory, 1, 1, stream)));
        Good(Cuda.MemFree(memory));
        Bad(Cuda.GraphLaunch(executable, stream), InvalidValue, "cuGraphLaunch", "node 0", "was freed");
        Good(Cuda.GraphExecDestroy(executable));
        Bad(Cuda.GraphLaunch(executable, stream), InvalidHandle, "cuGraphLaunch", "was destroyed by cuGraphExecDestroy");
        Good(Cuda.StreamDestroy(stream));
    }

    [Test]
    public void GraphsAreDestroyedOnce()
    {
        var stream = Stream();
        Good(Cuda.StreamBeginCapture(stream, Global));
        Good(Cuda.StreamEndCapture(stream, out var graph));
        Assert.That(Cuda.Living, Does.Contain("graph"));
        Good(Cuda.GraphDestroy(graph));
        Bad(Cuda.GraphDestroy(graph), InvalidHandle, "cuGraphDestroy", "was destroyed by cuGraphDestroy");
        Bad(Cuda.GraphInstantiate(out _, graph, 0), InvalidHandle, "cuGraphInstantiateWithFlags", "was destroyed");
        Good(Cuda.StreamDestroy(stream));
    }

    [UnmanagedCallersOnly]
    private static void Count(void* argument) => _calls++;

    private static nint Captured(nint stream, Action work)
    {
        Good(Cuda.StreamBeginCapture(stream, Global));
        work();
        Good(Cuda.StreamEndCapture(stream, out var graph));
        Good(Cuda.GraphInstantiate(out var executable, graph, 0));
        Good(Cuda.GraphDestroy(graph));
        return executable;
    }

    private static void End(ulong memory, uint* host, nint stream)
    {
        Good(Cuda.StreamDestroy(stream));
        Good(Cuda.MemFree(memory));
        if (host != null)
            Good(Cuda.MemFreeHost((nint)host));
        NothingReported();
    }
}
