namespace GpuOptim.Tests.VirtualCard.Driver;

/// <summary>Memory of the card and of the host, and whatever is done wrong with it.</summary>
public sealed unsafe class MemoryTests : DriverTest
{
    [Test]
    public void WhatIsWrittenIsRead()
    {
        var memory = Memory(1, 2, 3);
        Assert.That(Read(memory, 3), Is.EqualTo(new uint[] { 1, 2, 3 }));
        Good(Cuda.MemFree(memory));
        NothingReported();
    }

    [Test]
    public void MemoryIsCounted()
    {
        Good(Cuda.MemGetInfo(out var before, out var total));
        Assert.That(before, Is.EqualTo(total));
        Good(Cuda.MemAlloc(out var memory, 1 << 20));
        Good(Cuda.MemGetInfo(out var after, out _));
        Assert.That(before - after, Is.EqualTo((nuint)(1 << 20)));
        Good(Cuda.MemFree(memory));
        Good(Cuda.MemGetInfo(out after, out _));
        Assert.That(after, Is.EqualTo(before));
        NothingReported();
    }

    [Test]
    public void MoreThanThereIsIsRefused()
    {
        Assert.That(Cuda.MemAlloc(out _, (nuint)1 << 40), Is.EqualTo(OutOfMemory));
        _ = Cuda.SetOption("memory", 1 << 20);
        Good(Cuda.MemAlloc(out var memory, 1 << 19));
        Assert.That(Cuda.MemAlloc(out _, (1 << 19) + 1), Is.EqualTo(OutOfMemory));
        Good(Cuda.MemFree(memory));
        // A program may try: that is no fault.
        NothingReported();
    }

    [Test]
    public void NoBytesAreNoAllocation() => Bad(Cuda.MemAlloc(out _, 0), InvalidValue, "cuMemAlloc_v2", "no bytes");

    [Test]
    public void MemoryIsFreedOnce()
    {
        var memory = Memory(1);
        Good(Cuda.MemFree(memory));
        Bad(Cuda.MemFree(memory), InvalidValue, "cuMemFree_v2", "freed");
    }

    [Test]
    public void OnlyTheStartIsFreed()
    {
        var memory = Memory(1, 2);
        Bad(Cuda.MemFree(memory + 4), InvalidValue, "cuMemFree_v2", "device memory", "+4");
        Good(Cuda.MemFree(memory));
        Good(Cuda.MemFree(0));
        NothingReported();
    }

    [Test]
    public void CopiesEndWithTheMemory()
    {
        var memory = Memory(1, 2);
        var values = stackalloc uint[3];
        Bad(Cuda.MemcpyHtoD(memory, values, 12), InvalidValue, "cuMemcpyHtoD_v2", "destination", "4 bytes past the end");
        Bad(Cuda.MemcpyDtoH(values, memory + 4, 8), InvalidValue, "cuMemcpyDtoH_v2", "source", "4 bytes past the end");
        Bad(Cuda.MemsetD8Async(memory, 0, 9, 0), InvalidValue, "cuMemsetD8Async", "1 bytes past the end");
        Bad(Cuda.MemcpyHtoD(memory + 8, values, 4), InvalidValue, "cuMemcpyHtoD_v2", "0 bytes past the end");
        Good(Cuda.MemFree(memory));
    }

    [Test]
    public void FreedMemoryIsNotCopied()
    {
        var memory = Memory(1, 2);
        Good(Cuda.MemFree(memory));
        var values = stackalloc uint[2];
        Bad(Cuda.MemcpyDtoH(values, memory, 8), InvalidValue, "cuMemcpyDtoH_v2", "freed");
        Bad(Cuda.MemsetD32Async(memory, 0, 2, 0), InvalidValue, "cuMemsetD32Async", "freed");
        Bad(Cuda.MemcpyHtoDAsync(memory, values, 8, 0), InvalidValue, "cuMemcpyHtoDAsync_v2", "freed");
    }

    [Test]
    public void NullIsNoAddress()
    {
        var memory = Memory(1);
        Bad(Cuda.MemcpyDtoH(null, memory, 4), InvalidValue, "cuMemcpyDtoH_v2", "destination is null");
        Bad(Cuda.MemcpyHtoD(memory, null, 4), InvalidValue, "cuMemcpyHtoD_v2", "source is null");
        Bad(Cuda.MemsetD8Async(0, 0, 4, 0), InvalidValue, "cuMemsetD8Async", "destination is null");
        Good(Cuda.MemFree(memory));
    }

    [Test]
    public void WordsAreSetAtTheirMultiples()
    {
        var memory = Memory(1, 2);
        Good(Cuda.MemsetD32Async(memory + 4, 0x12345678, 1, 0));
        Assert.That(Read(memory, 2), Is.EqualTo(new uint[] { 1, 0x12345678 }));
        Bad(Cuda.MemsetD32Async(memory + 2, 0, 1, 0), InvalidValue, "cuMemsetD32Async", "no multiple of 4");
        Good(Cuda.MemFree(memory));
    }

    [Test]
    public void OnlyTheCardsMemoryIsSet()
    {
        uint value = 0;
        Bad(Cuda.MemsetD8Async((ulong)&value, 0, 4, 0), InvalidValue, "cuMemsetD8Async", "not page-locked");
    }

    [Test]
    public void DirectionsAreThoseOfTheNames()
    {
        var memory = Memory(1);
        uint value = 0;
        Bad(Cuda.MemcpyDtoD(memory, (ulong)&value, 4), InvalidValue, "cuMemcpyDtoD_v2", "another way");
        var other = Memory(1);
        Bad(Cuda.MemcpyHtoD(memory, (void*)other, 4), InvalidValue, "cuMemcpyHtoD_v2", "another way");
        Good(Cuda.MemFree(memory));
        Good(Cuda.MemFree(other));
    }

    [Test]
    public void WhatNobodyWroteIsNotCopiedToTheHost()
    {
        Good(Cuda.MemAlloc(out var memory, 16));
        Good(Cuda.MemsetD8Async(memory, 1, 8, 0));
        Good(Cuda.CtxSynchronize());
        var values = stackalloc byte[16];
        Good(Cuda.MemcpyDtoH(values, memory, 8));
        NothingReported();
        Good(Cuda.MemcpyDtoH(values, memory, 16));
        Reported("cuMemcpyDtoH_v2", "never written", "first byte 8");
        Assert.That(values[8], Is.EqualTo(0xFF));
        Good(Cuda.MemFree(memory));
    }

    [Test]
    public void CopiesBetweenDevicesTellWhatWasNeverWritten()
    {
        Good(Cuda.MemAlloc(out var source, 16));
        var target = Memory(1, 2, 3, 4);
        Good(Cuda.MemsetD8Async(source, 1, 4, 0));
        Good(Cuda.MemcpyDtoD(target, source, 8));
        NothingReported();
        _ = Read(target, 4);
        Reported("cuMemcpyDtoH_v2", "never written", "first byte 4");
        Good(Cuda.MemFree(source));
        Good(Cuda.MemFree(target));
    }

    [Test]
    public void OverlappingCopiesAreReported()
    {
        var memory = Memory(1, 2, 3);
        Good(Cuda.MemcpyDtoD(memory, memory + 4, 8));
        Reported("cuMemcpyDtoD_v2", "overlap");
        Good(Cuda.MemFree(memory));
    }

    [Test]
    public void PointersTellWhatTheyAre()
    {
        var memory = Memory(1, 2);
        var host = PageLocked(1);
        int type;
        ulong word;
        Good(Cuda.PointerGetAttribute(&type, 2, memory + 4));
        Assert.That(type, Is.EqualTo(2));
        Good(Cuda.PointerGetAttribute(&word, 11, memory + 4));
        Assert.That(word, Is.EqualTo(memory));
        Good(Cuda.PointerGetAttribute(&word, 12, memory + 4));
        Assert.That(word, Is.EqualTo(8));
        Good(Cuda.PointerGetAttribute(&word, 1, memory));
        Assert.That((nint)word, Is.EqualTo(Context));
        Good(Cuda.PointerGetAttribute(&type, 2, (ulong)host));
        Assert.That(type, Is.EqualTo(1));
        Assert.That(Cuda.PointerGetAttribute(&type, 2, (ulong)&type), Is.EqualTo(InvalidValue));
        Good(Cuda.MemFree(memory));
        Good(Cuda.MemFreeHost((nint)host));
        NothingReported();
    }

    [Test]
    public void RegisteredMemoryIsUnregisteredOnce()
    {
        var values = stackalloc uint[4];
        Good(Cuda.MemHostRegister(values, 16, 0));
        Bad(Cuda.MemHostRegister(values + 1, 4, 0), 712, "cuMemHostRegister_v2", "overlaps");
        Bad(Cuda.MemFreeHost((nint)values), InvalidValue, "cuMemFreeHost", "registered, not allocated");
        Good(Cuda.MemHostUnregister(values));
        Bad(Cuda.MemHostUnregister(values), 713, "cuMemHostUnregister");
    }

    [Test]
    public void PageLockedMemoryIsFreedOnce()
    {
        var host = PageLocked(1, 2);
        Bad(Cuda.MemHostUnregister(host), InvalidValue, "cuMemHostUnregister", "allocated, not registered");
        Good(Cuda.MemFreeHost((nint)host));
        Bad(Cuda.MemFreeHost((nint)host), InvalidValue, "cuMemFreeHost", "was freed by cuMemFreeHost");
        var memory = Memory(1);
        Bad(Cuda.MemcpyHtoDAsync(memory, host, 4, 0), InvalidValue, "cuMemcpyHtoDAsync_v2", "source", "was freed by cuMemFreeHost");
        Good(Cuda.MemFree(memory));
    }

    [Test]
    public void CopiesDoNotBeginBesidePageLockedMemory()
    {
        var memory = Memory(1, 2);
        var values = stackalloc uint[4];
        Good(Cuda.MemHostRegister(values + 1, 4, 0));
        Bad(Cuda.MemcpyHtoD(memory, values, 8), InvalidValue, "cuMemcpyHtoD_v2", "begins before", "ends in it");
        Bad(Cuda.MemcpyHtoD(memory, values + 1, 8), InvalidValue, "cuMemcpyHtoD_v2", "past the end");
        Good(Cuda.MemHostUnregister(values + 1));
        Good(Cuda.MemFree(memory));
    }

    [Test]
    public void MemoryFreedInTheOrderOfAStreamIsGoneThen()
    {
        var stream = Stream();
        Good(Cuda.MemAllocAsync(out var memory, 8, stream));
        Good(Cuda.MemsetD8Async(memory, 1, 8, stream));
        Good(Cuda.MemFreeAsync(memory, stream));
        Bad(Cuda.MemFree(memory), InvalidValue, "cuMemFree_v2", "freed already by cuMemFreeAsync");
        Good(Cuda.MemsetD8Async(memory, 1, 8, stream));
        Assert.That(Cuda.StreamSynchronize(stream), Is.EqualTo(700));
        Reported("cuMemsetD8Async", "was freed", "cuStreamSynchronize");
    }
}
