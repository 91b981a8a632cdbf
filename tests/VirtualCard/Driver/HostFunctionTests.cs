using System.Runtime.InteropServices;

namespace GpuOptim.Tests.VirtualCard.Driver;

/// <summary>Functions of the host that streams call.</summary>
public sealed unsafe class HostFunctionTests : DriverTest
{
    private static int _calls;

    [Test]
    public void AHostFunctionIsCalledInItsPlace()
    {
        var stream = Stream();
        var host = PageLocked(0);
        Good(Cuda.MemAlloc(out var memory, 4));
        _calls = 0;
        Good(Cuda.LaunchHostFunc(stream, &SetSeven, host));
        Good(Cuda.MemcpyHtoDAsync(memory, host, 4, stream));
        Assert.That(_calls, Is.Zero);
        Good(Cuda.StreamSynchronize(stream));
        Assert.That(_calls, Is.EqualTo(1));
        Assert.That(Read(memory, 1)[0], Is.EqualTo(7));
        Good(Cuda.MemFreeHost((nint)host));
        NothingReported();
        Good(Cuda.StreamDestroy(stream));
        Good(Cuda.MemFree(memory));
    }

    [Test]
    public void AHostFunctionMustNotCallTheDriver()
    {
        var stream = Stream();
        Good(Cuda.LaunchHostFunc(stream, &CallDriver, null));
        Good(Cuda.StreamSynchronize(stream));
        Assert.That(_calls, Is.EqualTo(800));
        Reported("cuCtxSynchronize", "host function");
        Good(Cuda.StreamDestroy(stream));
    }

    [Test]
    public void OtherThreadsCallTheDriverWhileAHostFunctionRuns()
    {
        var stream = Stream();
        using ManualResetEventSlim begun = new(), end = new();
        var handle = GCHandle.Alloc((begun, end));
        Good(Cuda.LaunchHostFunc(stream, &WaitForOthers, (void*)GCHandle.ToIntPtr(handle)));
        Thread thread = new(() =>
        {
            begun.Wait();
            _ = Cuda.CtxSetCurrent(Context);
            _calls = Cuda.MemAlloc(out var memory, 4) + Cuda.MemcpyAsync(memory, memory + 4, 0, 0);
            // Frees wait for all work; this one for the function, which waits for nobody any more.
            end.Set();
            _calls += Cuda.MemFree(memory);
        });
        thread.Start();
        Good(Cuda.StreamSynchronize(stream));
        thread.Join();
        handle.Free();
        Assert.That(_calls, Is.Zero);
        Good(Cuda.StreamDestroy(stream));
        NothingReported();
    }

    [UnmanagedCallersOnly]
    private static void SetSeven(void* argument)
    {
        _calls++;
        *(uint*)argument = 7;
    }

    [UnmanagedCallersOnly]
    private static void CallDriver(void* argument) => _calls = Cuda.CtxSynchronize();

    [UnmanagedCallersOnly]
    private static void WaitForOthers(void* argument)
    {
        var (begun, end) = ((ManualResetEventSlim, ManualResetEventSlim))GCHandle.FromIntPtr((nint)argument).Target!;
        begun.Set();
        end.Wait();
    }
}
