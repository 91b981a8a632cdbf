using System.Runtime.InteropServices;
using VirtualCard.Driver.Blocks;
using VirtualCard.Driver.Scheduling;

namespace VirtualCard.Driver.Exports;

/// <summary>Memory of cards, and page-locked memory of the host.</summary>
internal static unsafe class MemoryCalls
{
    [UnmanagedCallersOnly(EntryPoint = "cuMemGetInfo_v2")]
    private static Result GetInfo(nuint* free, nuint* total) => Entry.InContext("cuMemGetInfo_v2", context =>
    {
        DeviceCalls.Give(free, (nuint)(context.Card.MemoryBytes - context.Card.UsedBytes));
        return DeviceCalls.Give(total, (nuint)context.Card.MemoryBytes);
    });

    [UnmanagedCallersOnly(EntryPoint = "cuMemAlloc_v2")]
    private static Result Allocate(ulong* result, nuint bytes) => Entry.InContext("cuMemAlloc_v2", context =>
    {
        DeviceCalls.CheckOutput(result);
        Machine.Captures.CheckUnsafe();
        *result = Machine.DeviceMemory.Allocate(context, CheckSize(bytes)).Allocation.Start;
        return Result.Success;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuMemFree_v2")]
    private static Result Free(ulong address) => Entry.Destroying("cuMemFree_v2", context =>
    {
        Machine.Captures.CheckUnsafe();
        if (address == 0)
            return Result.Success;
        var block = Machine.DeviceMemory.Find(address, context);
        Synchronize(context);
        Machine.DeviceMemory.Free(block);
        return Result.Success;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuMemAllocAsync")]
    private static Result AllocateAsync(ulong* result, nuint bytes, ulong stream) => Entry.InContext("cuMemAllocAsync", context =>
    {
        DeviceCalls.CheckOutput(result);
        CheckNotCapturing(StreamCalls.Find(stream, context));
        *result = Machine.DeviceMemory.Allocate(context, CheckSize(bytes)).Allocation.Start;
        return Result.Success;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuMemFreeAsync")]
    private static Result FreeAsync(ulong address, ulong stream) => Entry.InContext("cuMemFreeAsync", context =>
    {
        var target = StreamCalls.Find(stream, context);
        CheckNotCapturing(target);
        var block = Machine.DeviceMemory.Find(address, context);
        block.FreedBy = Machine.Call;
        target.Submit(new FreeOperation(block));
        return Result.Success;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuMemAllocHost_v2")]
    private static Result AllocateHost(byte** result, nuint bytes) => AllocateHostIn("cuMemAllocHost_v2", result, bytes, 0);

    [UnmanagedCallersOnly(EntryPoint = "cuMemHostAlloc")]
    private static Result HostAllocate(byte** result, nuint bytes, uint flags) => AllocateHostIn("cuMemHostAlloc", result, bytes, flags);

    [UnmanagedCallersOnly(EntryPoint = "cuMemFreeHost")]
    private static Result FreeHost(ulong address) => Entry.Destroying("cuMemFreeHost", context =>
    {
        Machine.Captures.CheckUnsafe();
        var block = FindHost(address, Result.InvalidValue);
        if (!block.IsOwned)
            throw new DriverException(Result.InvalidValue, $"{block} was registered, not allocated");
        SynchronizeAll(context);
        Machine.HostMemory.Remove(block);
        return Result.Success;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuMemHostRegister_v2")]
    private static Result Register(byte* address, nuint bytes, uint flags) => Entry.InContext("cuMemHostRegister_v2", context =>
    {
        const uint KnownFlags = 0xF;
        Machine.Captures.CheckUnsafe();
        if (address == null || (flags & ~KnownFlags) != 0)
            throw new DriverException(Result.InvalidValue, address == null ? "the address is null" : $"there are no such flags: 0x{flags:x}");
        Machine.HostMemory.Register(context, address, CheckSize(bytes), flags);
        return Result.Success;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuMemHostUnregister")]
    private static Result Unregister(ulong address) => Entry.Destroying("cuMemHostUnregister", context =>
    {
        Machine.Captures.CheckUnsafe();
        var block = FindHost(address, Result.HostMemoryNotRegistered);
        if (block.IsOwned)
            throw new DriverException(Result.InvalidValue, $"{block} was allocated, not registered");
        SynchronizeAll(context);
        Machine.HostMemory.Remove(block);
        return Result.Success;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuMemHostGetDevicePointer_v2")]
    private static Result HostGetDevicePointer(ulong* result, ulong address, uint flags) => Entry.InContext("cuMemHostGetDevicePointer_v2", _ =>
    {
        if (flags != 0)
            throw new DriverException(Result.InvalidValue, "the flags are not 0");
        var place = Place.Find(address, 1, "pointer");
        return place.IsPageLocked ? DeviceCalls.Give(result, address)
            : throw new DriverException(Result.InvalidValue, $"{place} is no page-locked memory");
    });

    [UnmanagedCallersOnly(EntryPoint = "cuMemHostGetFlags")]
    private static Result HostGetFlags(uint* flags, ulong address) => Entry.InContext("cuMemHostGetFlags", _ =>
        DeviceCalls.Give(flags, FindHost(address, Result.InvalidValue).Flags));

    /// <summary>Waits for all work of a context.</summary>
    public static void Synchronize(CardContext context)
    {
        Machine.Counters.Synchronizing++;
        Machine.Scheduler.RunAll(context);
    }

    private static Result AllocateHostIn(string call, byte** result, nuint bytes, uint flags) => Entry.InContext(call, context =>
    {
        const uint KnownFlags = 7;
        DeviceCalls.CheckOutput(result);
        Machine.Captures.CheckUnsafe();
        if ((flags & ~KnownFlags) != 0)
            throw new DriverException(Result.InvalidValue, $"there are no such flags: 0x{flags:x}");
        *result = Machine.HostMemory.Allocate(context, CheckSize(bytes), flags).Allocation.Data;
        return Result.Success;
    });

    // The host's memory may be used by work of any context.
    private static void SynchronizeAll(CardContext context)
    {
        Synchronize(context);
        Machine.Scheduler.RunAll();
    }

    private static HostBlock FindHost(ulong address, Result otherwise) => Machine.HostMemory.Find(address)
        ?? throw new DriverException(otherwise, Machine.HostMemory.FindFreed(address) ?? $"0x{address:x} is no start of page-locked memory: {Machine.Memory.Describe(address)}");

    private static long CheckSize(nuint bytes) => bytes == 0 ? throw new DriverException(Result.InvalidValue, "no bytes")
        : bytes > long.MaxValue ? throw new DriverException(Result.OutOfMemory, null) : (long)bytes;

    private static void CheckNotCapturing(CardStream stream)
    {
        if (stream.Capture is null)
            return;
        stream.Capture.Invalidate();
        throw new DriverException(Result.StreamCaptureUnsupported, $"{stream} captures; allocations in graphs are not modelled");
    }
}
