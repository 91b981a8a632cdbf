using System.Runtime.InteropServices;

namespace VirtualCard.Driver.Exports;

/// <summary>Contexts.</summary>
internal static unsafe class ContextCalls
{
    // Flags of cuda.h: schedules, mapped host memory, local memory, core dumps, memory operations.
    private const uint KnownFlags = 0xFF;

    [UnmanagedCallersOnly(EntryPoint = "cuCtxCreate_v2")]
    private static Result Create(ulong* result, uint flags, int device) => Entry.Plain("cuCtxCreate_v2", () =>
    {
        DeviceCalls.CheckOutput(result);
        Machine.Captures.CheckUnsafe();
        if ((flags & ~KnownFlags) != 0)
            throw new DriverException(Result.InvalidValue, $"there are no such flags: 0x{flags:x}");
        CardContext context = new(Machine.FindCard(device), flags);
        ThreadState.Contexts.Push(context);
        *result = context.Handle;
        return Result.Success;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuCtxDestroy_v2")]
    private static Result Destroy(ulong handle) => Entry.Plain("cuCtxDestroy_v2", () =>
    {
        var context = Find(handle);
        if (context.Card.Primary == context)
            throw new DriverException(Result.InvalidContext, $"{context} is the primary one of {context.Card}: it is released, not destroyed");
        DestroyContext(context);
        return Result.Success;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuCtxSetCurrent")]
    private static Result SetCurrent(ulong handle) => Entry.Plain("cuCtxSetCurrent", () =>
    {
        var contexts = ThreadState.Contexts;
        var context = handle == 0 ? null : Find(handle);
        contexts.TryPop(out _);
        if (context is not null)
            contexts.Push(context);
        return Result.Success;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuCtxGetCurrent")]
    private static Result GetCurrent(ulong* result) => Entry.Plain("cuCtxGetCurrent", () =>
        DeviceCalls.Give(result, ThreadState.Current is { IsDestroyed: false } context ? context.Handle : 0));

    [UnmanagedCallersOnly(EntryPoint = "cuCtxPushCurrent_v2")]
    private static Result PushCurrent(ulong handle) => Entry.Plain("cuCtxPushCurrent_v2", () =>
    {
        ThreadState.Contexts.Push(Find(handle));
        return Result.Success;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuCtxPopCurrent_v2")]
    private static Result PopCurrent(ulong* result) => Entry.Plain("cuCtxPopCurrent_v2", () =>
    {
        if (!ThreadState.Contexts.TryPop(out var context))
            throw new DriverException(Result.InvalidContext, "the thread has no current context");
        if (result != null)
            *result = context.Handle;
        return Result.Success;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuCtxGetDevice")]
    private static Result GetDevice(int* device) => Entry.Plain("cuCtxGetDevice", () =>
        DeviceCalls.Give(device, Entry.CurrentContext().Card.Ordinal));

    [UnmanagedCallersOnly(EntryPoint = "cuCtxGetFlags")]
    private static Result GetFlags(uint* flags) => Entry.Plain("cuCtxGetFlags", () =>
        DeviceCalls.Give(flags, Entry.CurrentContext().Flags));

    [UnmanagedCallersOnly(EntryPoint = "cuCtxGetApiVersion")]
    private static Result GetApiVersion(ulong handle, uint* version) => Entry.Plain("cuCtxGetApiVersion", () =>
    {
        _ = handle == 0 ? Entry.CurrentContext() : Find(handle);
        return DeviceCalls.Give(version, 3020u);
    });

    [UnmanagedCallersOnly(EntryPoint = "cuCtxSynchronize")]
    private static Result Synchronize() => Entry.InContext("cuCtxSynchronize", context =>
    {
        Machine.Captures.CheckNone(context);
        Machine.Captures.CheckUnsafe();
        Machine.Counters.Synchronizing++;
        Machine.Scheduler.RunAll(context);
        return context.Error;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuCtxGetCacheConfig")]
    private static Result GetCacheConfig(int* configuration) => Entry.InContext("cuCtxGetCacheConfig", context =>
        DeviceCalls.Give(configuration, context.CacheConfiguration));

    [UnmanagedCallersOnly(EntryPoint = "cuCtxSetCacheConfig")]
    private static Result SetCacheConfig(int configuration) => Entry.InContext("cuCtxSetCacheConfig", context =>
    {
        context.CacheConfiguration = configuration is >= 0 and <= 3 ? configuration
            : throw new DriverException(Result.InvalidValue, $"there is no configuration {configuration}");
        return Result.Success;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuCtxGetSharedMemConfig")]
    private static Result GetSharedMemConfig(int* configuration) => Entry.InContext("cuCtxGetSharedMemConfig", context =>
        DeviceCalls.Give(configuration, context.SharedConfiguration));

    [UnmanagedCallersOnly(EntryPoint = "cuCtxSetSharedMemConfig")]
    private static Result SetSharedMemConfig(int configuration) => Entry.InContext("cuCtxSetSharedMemConfig", context =>
    {
        context.SharedConfiguration = configuration is >= 0 and <= 2 ? configuration
            : throw new DriverException(Result.InvalidValue, $"there is no configuration {configuration}");
        return Result.Success;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuCtxGetStreamPriorityRange")]
    private static Result GetStreamPriorityRange(int* least, int* greatest) => Entry.InContext("cuCtxGetStreamPriorityRange", _ =>
    {
        if (least != null)
            *least = StreamCalls.LeastPriority;
        if (greatest != null)
            *greatest = StreamCalls.GreatestPriority;
        return Result.Success;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuCtxEnablePeerAccess")]
    private static Result EnablePeerAccess(ulong handle, uint flags) => Entry.InContext("cuCtxEnablePeerAccess", context =>
    {
        var peer = Find(handle);
        if (flags != 0)
            throw new DriverException(Result.InvalidValue, "the flags are not 0");
        if (peer == context)
            throw new DriverException(Result.InvalidDevice, $"{peer} is the current context itself");
        if (peer.Card == context.Card)
            throw new DriverException(Result.PeerAccessUnsupported, $"{peer} is on the same card as {context}");
        if (context.Peers.Contains(peer))
            return Result.PeerAccessAlreadyEnabled;
        context.AddPeer(peer);
        return Result.Success;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuCtxDisablePeerAccess")]
    private static Result DisablePeerAccess(ulong handle) => Entry.InContext("cuCtxDisablePeerAccess", context =>
    {
        var peer = Find(handle);
        if (!context.Peers.Contains(peer))
            return Result.PeerAccessNotEnabled;
        Machine.Scheduler.RunAll(context);
        context.RemovePeer(peer);
        return Result.Success;
    });

    public static CardContext Find(ulong handle) => Machine.Handles.Get<CardContext>(handle, "context", Result.InvalidContext);

    /// <summary>Runs what is queued, and destroys what is left.</summary>
    public static void DestroyContext(CardContext context)
    {
        Machine.Captures.CheckNone(context);
        Machine.Captures.CheckUnsafe();
        Machine.Counters.Synchronizing++;
        Machine.Scheduler.RunAll(context);
        if (Machine.Options.ReportsLeaks)
        {
            var left = Machine.LivingIn(context).ToArray();
            if (left.Length > 0)
                Machine.Reports.Add($"{context} is destroyed with {left.Length} things left in it: {string.Join(", ", left.Take(8))}{(left.Length > 8 ? ", ..." : "")}");
        }
        context.Destroy();
        if (ThreadState.Current == context)
            ThreadState.Contexts.Pop();
    }
}
