using System.Runtime.InteropServices;
using VirtualCard.Driver.Scheduling;

namespace VirtualCard.Driver.Exports;

/// <summary>Copies.</summary>
internal static unsafe class CopyCalls
{
    [UnmanagedCallersOnly(EntryPoint = "cuMemcpy")]
    private static Result Copy(ulong destination, ulong source, nuint bytes) => Blocking("cuMemcpy", destination, source, bytes, null);

    [UnmanagedCallersOnly(EntryPoint = "cuMemcpyHtoD_v2")]
    private static Result HostToDevice(ulong destination, ulong source, nuint bytes) =>
        Blocking("cuMemcpyHtoD_v2", destination, source, bytes, CopyKind.HostToDevice);

    [UnmanagedCallersOnly(EntryPoint = "cuMemcpyDtoH_v2")]
    private static Result DeviceToHost(ulong destination, ulong source, nuint bytes) =>
        Blocking("cuMemcpyDtoH_v2", destination, source, bytes, CopyKind.DeviceToHost);

    [UnmanagedCallersOnly(EntryPoint = "cuMemcpyDtoD_v2")]
    private static Result DeviceToDevice(ulong destination, ulong source, nuint bytes) =>
        Blocking("cuMemcpyDtoD_v2", destination, source, bytes, CopyKind.DeviceToDevice);

    [UnmanagedCallersOnly(EntryPoint = "cuMemcpyAsync")]
    private static Result CopyAsync(ulong destination, ulong source, nuint bytes, ulong stream) =>
        Async("cuMemcpyAsync", destination, source, bytes, stream, null);

    [UnmanagedCallersOnly(EntryPoint = "cuMemcpyHtoDAsync_v2")]
    private static Result HostToDeviceAsync(ulong destination, ulong source, nuint bytes, ulong stream) =>
        Async("cuMemcpyHtoDAsync_v2", destination, source, bytes, stream, CopyKind.HostToDevice);

    [UnmanagedCallersOnly(EntryPoint = "cuMemcpyDtoHAsync_v2")]
    private static Result DeviceToHostAsync(ulong destination, ulong source, nuint bytes, ulong stream) =>
        Async("cuMemcpyDtoHAsync_v2", destination, source, bytes, stream, CopyKind.DeviceToHost);

    [UnmanagedCallersOnly(EntryPoint = "cuMemcpyDtoDAsync_v2")]
    private static Result DeviceToDeviceAsync(ulong destination, ulong source, nuint bytes, ulong stream) =>
        Async("cuMemcpyDtoDAsync_v2", destination, source, bytes, stream, CopyKind.DeviceToDevice);

    [UnmanagedCallersOnly(EntryPoint = "cuMemcpyPeerAsync")]
    private static Result PeerAsync(ulong destination, ulong destinationContext, ulong source, ulong sourceContext, nuint bytes, ulong stream) =>
        Entry.InContext("cuMemcpyPeerAsync", context =>
        {
            CheckOwner(destination, destinationContext, "destination");
            CheckOwner(source, sourceContext, "source");
            return Queue(context, destination, source, bytes, StreamCalls.FindAny(stream, context), CopyKind.DeviceToDevice);
        });

    private static Result Async(string call, ulong destination, ulong source, nuint bytes, ulong stream, CopyKind? kind) =>
        Entry.InContext(call, context => Queue(context, destination, source, bytes, StreamCalls.FindAny(stream, context), kind));

    private static Result Queue(CardContext context, ulong destination, ulong source, nuint bytes, CardStream stream, CopyKind? kind)
    {
        if (bytes == 0)
            return Result.Success;
        var copy = Make(destination, source, bytes, kind);
        if (stream.Capture is { } capture && (copy.IsPageable || copy.Kind == CopyKind.HostToHost))
        {
            capture.Invalidate();
            throw new DriverException(Result.StreamCaptureUnsupported, $"{copy}: {stream} captures, and the host would wait for a copy that is not between devices and page-locked memory");
        }
        var work = stream.Submit(copy);
        if (work is not null && (copy.Kind == CopyKind.HostToHost || copy.Kind == CopyKind.DeviceToHost && copy.IsPageable))
            return Wait(context, work);
        return Result.Success;
    }

    private static Result Blocking(string call, ulong destination, ulong source, nuint bytes, CopyKind? kind) => Entry.InContext(call, context =>
    {
        if (bytes == 0)
            return Result.Success;
        Machine.Captures.CheckUnsafe();
        var copy = Make(destination, source, bytes, kind);
        if (copy.Kind == CopyKind.HostToDevice && copy.IsPageable)
        {
            // Only what came before and the copy into a staging buffer are waited for.
            context.Legacy.CheckLegacy();
            foreach (var before in context.Legacy.Before().ToArray())
                Machine.Scheduler.RunUntil(before);
            Machine.Counters.Synchronizing++;
            if (context.Error == Result.Success)
                context.Legacy.Submit(copy);
            return context.Error;
        }
        var work = context.Legacy.Submit(copy)!;
        return copy.Kind == CopyKind.DeviceToDevice ? Result.Success : Wait(context, work);
    });

    private static Result Wait(CardContext context, Work work)
    {
        Machine.Counters.Synchronizing++;
        Machine.Scheduler.RunUntil(work);
        return context.Error != Result.Success ? context.Error : work.Context.Error;
    }

    private static CopyOperation Make(ulong destination, ulong source, nuint bytes, CopyKind? kind)
    {
        CopyOperation copy = new(destination, source, bytes);
        // Where the name says "device", page-locked memory is one, too.
        if (kind is { } named && (IsWrong(named is CopyKind.HostToDevice or CopyKind.DeviceToDevice, copy.Destination) || IsWrong(named is CopyKind.DeviceToHost or CopyKind.DeviceToDevice, copy.Source)
            || named == CopyKind.HostToDevice && copy.Source.IsDevice || named == CopyKind.DeviceToHost && copy.Destination.IsDevice))
        {
            throw new DriverException(Result.InvalidValue, $"{copy}: this goes another way than the call's name says");
        }
        Machine.Counters.Copies[(int)copy.Kind]++;
        Machine.Counters.CopiedBytes[(int)copy.Kind] += (long)bytes;
        return copy;
    }

    private static bool IsWrong(bool mustBeDevice, Place place) => mustBeDevice && place.IsPageable;

    private static void CheckOwner(ulong address, ulong context, string role)
    {
        var owner = ContextCalls.Find(context);
        if (Place.Find(address, 1, role) is { Allocation: { } allocation } && allocation.Owner != owner)
            throw new DriverException(Result.InvalidValue, $"the {role} {allocation.Name} is of {allocation.Owner}, not of {owner}");
    }
}
