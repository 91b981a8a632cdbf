using System.Runtime.InteropServices;
using VirtualCard.Driver.Scheduling;

namespace VirtualCard.Driver.Exports;

/// <summary>Streams.</summary>
internal static unsafe class StreamCalls
{
    public const int LeastPriority = 0;

    public const int GreatestPriority = -5;

    private const ulong LegacyHandle = 1;

    private const ulong ThreadHandle = 2;

    private const uint NonBlocking = 1;

    [UnmanagedCallersOnly(EntryPoint = "cuStreamCreate")]
    private static Result Create(ulong* result, uint flags) => CreateIn("cuStreamCreate", result, flags, 0);

    [UnmanagedCallersOnly(EntryPoint = "cuStreamCreateWithPriority")]
    private static Result CreateWithPriority(ulong* result, uint flags, int priority) => CreateIn("cuStreamCreateWithPriority", result, flags, priority);

    [UnmanagedCallersOnly(EntryPoint = "cuStreamDestroy_v2")]
    private static Result Destroy(ulong handle) => Entry.Destroying("cuStreamDestroy_v2", context =>
    {
        var stream = Find(handle, context);
        if (stream.Role != StreamRole.Created)
            throw new DriverException(Result.InvalidHandle, $"{stream} cannot be destroyed");
        stream.Destroy();
        return Result.Success;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuStreamSynchronize")]
    private static Result Synchronize(ulong handle) => Entry.InContext("cuStreamSynchronize", context =>
    {
        var stream = Find(handle, context);
        CheckNotCapturing(stream);
        Machine.Counters.Synchronizing++;
        foreach (var work in stream.Before().ToArray())
            Machine.Scheduler.RunUntil(work);
        return context.Error;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuStreamQuery")]
    private static Result Query(ulong handle) => Entry.InContext("cuStreamQuery", context =>
    {
        var stream = Find(handle, context);
        CheckNotCapturing(stream);
        if (stream.Before().Any())
            Machine.Scheduler.RunSome(Machine.Scheduler.Random(3));
        return context.Error != Result.Success ? context.Error : stream.Before().Any() ? Result.NotReady : Result.Success;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuStreamWaitEvent")]
    private static Result WaitEvent(ulong handle, ulong eventHandle, uint flags) => Entry.InContext("cuStreamWaitEvent", context =>
    {
        const uint External = 1;
        if (flags > External)
            throw new DriverException(Result.InvalidValue, $"there are no such flags: {flags}");
        var stream = FindAny(handle, context);
        CaptureCalls.WaitEvent(stream, EventCalls.Find(eventHandle), flags == External);
        return Result.Success;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuStreamGetCtx")]
    private static Result GetContext(ulong handle, ulong* result) => Entry.InContext("cuStreamGetCtx", context =>
        DeviceCalls.Give(result, FindAny(handle, context).Owner.Handle));

    [UnmanagedCallersOnly(EntryPoint = "cuStreamGetFlags")]
    private static Result GetFlags(ulong handle, uint* flags) => Entry.InContext("cuStreamGetFlags", context =>
        DeviceCalls.Give(flags, FindAny(handle, context).IsBlocking ? 0 : NonBlocking));

    [UnmanagedCallersOnly(EntryPoint = "cuStreamGetPriority")]
    private static Result GetPriority(ulong handle, int* priority) => Entry.InContext("cuStreamGetPriority", context =>
        DeviceCalls.Give(priority, FindAny(handle, context).Priority));

    [UnmanagedCallersOnly(EntryPoint = "cuLaunchHostFunc")]
    private static Result LaunchHostFunction(ulong handle, delegate* unmanaged<void*, void> function, void* argument) => Entry.InContext("cuLaunchHostFunc", context =>
    {
        if (function == null)
            throw new DriverException(Result.InvalidValue, "the function is null");
        FindAny(handle, context).Submit(new HostOperation(function, argument));
        return Result.Success;
    });

    /// <summary>A stream of the current context.</summary>
    public static CardStream Find(ulong handle, CardContext context)
    {
        var stream = FindAny(handle, context);
        return stream.Owner == context ? stream : throw new DriverException(Result.InvalidHandle, $"{stream} is of {stream.Owner}, not of the current {context}");
    }

    /// <summary>A stream of any context; 0, 1 and 2 are those of the current one.</summary>
    public static CardStream FindAny(ulong handle, CardContext context) => handle switch
    {
        0 or LegacyHandle => context.Legacy,
        ThreadHandle => context.ThreadStream,
        _ => Machine.Handles.Get<CardStream>(handle, "stream"),
    };

    private static Result CreateIn(string call, ulong* result, uint flags, int priority) => Entry.InContext(call, context =>
    {
        DeviceCalls.CheckOutput(result);
        if (flags > NonBlocking)
            throw new DriverException(Result.InvalidValue, $"there are no such flags: {flags}");
        *result = new CardStream(context, flags != NonBlocking, Math.Clamp(priority, GreatestPriority, LeastPriority)).Handle;
        return Result.Success;
    });

    // What waits for a stream that captures would wait for ever, and in other streams may be forbidden.
    private static void CheckNotCapturing(CardStream stream)
    {
        stream.CheckLegacy();
        if (stream.Capture is null)
        {
            Machine.Captures.CheckUnsafe();
            return;
        }
        stream.Capture.Invalidate();
        throw new DriverException(Result.StreamCaptureUnsupported, $"{stream} captures");
    }
}
