using System.Runtime.InteropServices;
using VirtualCard.Driver.Scheduling;

namespace VirtualCard.Driver.Exports;

/// <summary>Memsets.</summary>
internal static unsafe class FillCalls
{
    [UnmanagedCallersOnly(EntryPoint = "cuMemsetD8_v2")]
    private static Result Bytes(ulong destination, byte value, nuint count) => Fill("cuMemsetD8_v2", destination, value, 1, count, 0);

    [UnmanagedCallersOnly(EntryPoint = "cuMemsetD16_v2")]
    private static Result Halves(ulong destination, ushort value, nuint count) => Fill("cuMemsetD16_v2", destination, value, 2, count, 0);

    [UnmanagedCallersOnly(EntryPoint = "cuMemsetD32_v2")]
    private static Result Words(ulong destination, uint value, nuint count) => Fill("cuMemsetD32_v2", destination, value, 4, count, 0);

    [UnmanagedCallersOnly(EntryPoint = "cuMemsetD8Async")]
    private static Result BytesAsync(ulong destination, byte value, nuint count, ulong stream) => Fill("cuMemsetD8Async", destination, value, 1, count, stream);

    [UnmanagedCallersOnly(EntryPoint = "cuMemsetD16Async")]
    private static Result HalvesAsync(ulong destination, ushort value, nuint count, ulong stream) => Fill("cuMemsetD16Async", destination, value, 2, count, stream);

    [UnmanagedCallersOnly(EntryPoint = "cuMemsetD32Async")]
    private static Result WordsAsync(ulong destination, uint value, nuint count, ulong stream) => Fill("cuMemsetD32Async", destination, value, 4, count, stream);

    private static Result Fill(string call, ulong destination, uint value, int width, nuint count, ulong handle) => Entry.InContext(call, context =>
    {
        if (count == 0)
            return Result.Success;
        var stream = StreamCalls.FindAny(handle, context);
        FillOperation fill = new(stream.Owner, destination, value, width, count);
        Machine.Counters.Fills++;
        Machine.Counters.FilledBytes += (long)fill.Bytes;
        var work = stream.Submit(fill);
        if (work is null || !fill.IsBlocking)
            return Result.Success;
        Machine.Counters.Synchronizing++;
        Machine.Scheduler.RunUntil(work);
        return context.Error;
    });
}
