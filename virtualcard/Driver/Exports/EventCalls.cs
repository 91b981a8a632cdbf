using System.Diagnostics;
using System.Runtime.InteropServices;
using VirtualCard.Driver.Scheduling;

namespace VirtualCard.Driver.Exports;

/// <summary>Events.</summary>
internal static unsafe class EventCalls
{
    [UnmanagedCallersOnly(EntryPoint = "cuEventCreate")]
    private static Result Create(ulong* result, uint flags) => Entry.InContext("cuEventCreate", context =>
    {
        const uint KnownFlags = 7;
        DeviceCalls.CheckOutput(result);
        if ((flags & ~KnownFlags) != 0)
            throw new DriverException(Result.InvalidValue, $"there are no such flags: 0x{flags:x}");
        *result = new CardEvent(context, flags).Handle;
        return Result.Success;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuEventDestroy_v2")]
    private static Result Destroy(ulong handle) => Entry.Destroying("cuEventDestroy_v2", _ =>
    {
        Find(handle).Destroy();
        return Result.Success;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuEventRecord")]
    private static Result Record(ulong handle, ulong stream) => Entry.InContext("cuEventRecord", context => Record(context, handle, stream, isExternal: false));

    [UnmanagedCallersOnly(EntryPoint = "cuEventRecordWithFlags")]
    private static Result RecordWithFlags(ulong handle, ulong stream, uint flags) => Entry.InContext("cuEventRecordWithFlags", context =>
        flags <= 1 ? Record(context, handle, stream, flags == 1) : throw new DriverException(Result.InvalidValue, $"there are no such flags: {flags}"));

    [UnmanagedCallersOnly(EntryPoint = "cuEventQuery")]
    private static Result Query(ulong handle) => Entry.InContext("cuEventQuery", context =>
    {
        var item = Find(handle);
        item.CheckNotCaptured();
        Machine.Captures.CheckUnsafe();
        if (item.Recorded is { IsDone: false })
            Machine.Scheduler.RunSome(Machine.Scheduler.Random(3));
        return context.Error != Result.Success ? context.Error
            : item.Recorded is null or { IsDone: true } ? item.Owner.Error : Result.NotReady;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuEventSynchronize")]
    private static Result Synchronize(ulong handle) => Entry.InContext("cuEventSynchronize", context =>
    {
        var item = Find(handle);
        item.CheckNotCaptured();
        Machine.Captures.CheckUnsafe();
        Machine.Counters.Synchronizing++;
        Machine.Scheduler.RunUntil(item.Recorded);
        return context.Error != Result.Success ? context.Error : item.Owner.Error;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuEventElapsedTime")]
    private static Result ElapsedTime(float* milliseconds, ulong start, ulong end) => ElapsedTimeIn("cuEventElapsedTime", milliseconds, start, end);

    [UnmanagedCallersOnly(EntryPoint = "cuEventElapsedTime_v2")]
    private static Result ElapsedTime2(float* milliseconds, ulong start, ulong end) => ElapsedTimeIn("cuEventElapsedTime_v2", milliseconds, start, end);

    public static CardEvent Find(ulong handle) => Machine.Handles.Get<CardEvent>(handle, "event");

    private static Result Record(CardContext context, ulong handle, ulong streamHandle, bool isExternal)
    {
        var item = Find(handle);
        var stream = StreamCalls.FindAny(streamHandle, context);
        if (item.Owner != stream.Owner)
            throw new DriverException(Result.InvalidHandle, $"{item} is of {item.Owner}, {stream} of {stream.Owner}");
        stream.CheckLegacy();
        if (stream.Capture is { } capture && !isExternal)
        {
            capture.CheckValid();
            (item.Capture, item.CapturedNodes) = (capture, [.. stream.CapturedTail]);
            return Result.Success;
        }
        if (isExternal && stream.Capture is null)
            throw new DriverException(Result.InvalidValue, $"{stream} does not capture: there is nothing external");
        stream.Submit(new RecordOperation(item));
        return Result.Success;
    }

    private static Result ElapsedTimeIn(string call, float* milliseconds, ulong start, ulong end) => Entry.InContext(call, context =>
    {
        var (first, second) = (Find(start), Find(end));
        foreach (var item in (ReadOnlySpan<CardEvent>)[first, second])
        {
            if (!item.HasTiming)
                throw new DriverException(Result.InvalidHandle, $"{item} was made without timing");
            item.CheckNotCaptured();
            if (item.Recorded is null)
                throw new DriverException(Result.InvalidHandle, $"{item} was never recorded");
        }
        if (first.Owner != second.Owner)
            throw new DriverException(Result.InvalidHandle, $"{first} is of {first.Owner}, {second} of {second.Owner}");
        return first.Recorded!.IsDone && second.Recorded!.IsDone
            ? DeviceCalls.Give(milliseconds, (float)Stopwatch.GetElapsedTime(first.Recorded.Timestamp, second.Recorded.Timestamp).TotalMilliseconds)
            : Result.NotReady;
    });
}
