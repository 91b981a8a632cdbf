using System.Runtime.InteropServices;
using VirtualCard.Driver.Scheduling;

namespace VirtualCard.Driver.Exports;

/// <summary>The capture of streams.</summary>
internal static unsafe class CaptureCalls
{
    private const int None = 0;

    private const int Active = 1;

    private const int Invalidated = 2;

    [UnmanagedCallersOnly(EntryPoint = "cuStreamBeginCapture_v2")]
    private static Result Begin(ulong handle, CaptureMode mode) => Entry.InContext("cuStreamBeginCapture_v2", context =>
    {
        var stream = StreamCalls.FindAny(handle, context);
        if (mode is < CaptureMode.Global or > CaptureMode.Relaxed)
            throw new DriverException(Result.InvalidValue, $"there is no mode {mode}");
        if (stream.Role == StreamRole.Legacy)
            throw new DriverException(Result.StreamCaptureUnsupported, "stream 0 cannot capture");
        if (stream.Capture is { } other)
        {
            other.Invalidate();
            throw new DriverException(Result.InvalidValue, $"{stream} captures already");
        }
        Machine.Captures.Begin(stream, mode);
        return Result.Success;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuStreamEndCapture")]
    private static Result End(ulong handle, ulong* result) => Entry.InContext("cuStreamEndCapture", context =>
    {
        DeviceCalls.CheckOutput(result);
        *result = 0;
        var stream = StreamCalls.FindAny(handle, context);
        var capture = stream.Capture ?? throw new DriverException(Result.InvalidValue, $"{stream} does not capture");
        if (capture.Origin != stream)
        {
            capture.Invalidate();
            throw new DriverException(Result.StreamCaptureUnmatched, $"the capture of {stream} began in {capture.Origin}");
        }
        if (capture.Mode != CaptureMode.Relaxed && capture.Thread != Environment.CurrentManagedThreadId)
            throw new DriverException(Result.StreamCaptureWrongThread, $"the capture of {stream} began in another thread");
        var unjoined = capture.FindUnjoined();
        capture.Leave();
        if (capture.IsInvalid || unjoined is not null)
        {
            capture.Graph.Destroy();
            throw capture.IsInvalid ? new DriverException(Result.StreamCaptureInvalidated, null)
                : new DriverException(Result.StreamCaptureUnjoined, $"{stream} does not wait for {unjoined}");
        }
        *result = capture.Graph.Handle;
        return Result.Success;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuStreamIsCapturing")]
    private static Result IsCapturing(ulong handle, int* status) => Entry.InContext("cuStreamIsCapturing", context =>
    {
        var stream = StreamCalls.FindAny(handle, context);
        stream.CheckLegacy();
        return DeviceCalls.Give(status, StatusOf(stream));
    });

    [UnmanagedCallersOnly(EntryPoint = "cuStreamGetCaptureInfo")]
    private static Result GetCaptureInfo(ulong handle, int* status, ulong* id) => Entry.InContext("cuStreamGetCaptureInfo", context =>
    {
        var stream = StreamCalls.FindAny(handle, context);
        if (id != null)
            *id = (ulong)(stream.Capture?.Id ?? 0);
        return DeviceCalls.Give(status, StatusOf(stream));
    });

    [UnmanagedCallersOnly(EntryPoint = "cuStreamGetCaptureInfo_v2")]
    private static Result GetCaptureInfo2(ulong handle, int* status, ulong* id, ulong* graph, ulong** dependencies, nuint* count) => Entry.InContext("cuStreamGetCaptureInfo_v2", context =>
    {
        var stream = StreamCalls.FindAny(handle, context);
        if (id != null)
            *id = (ulong)(stream.Capture?.Id ?? 0);
        if (graph != null)
            *graph = stream.Capture?.Graph.Handle ?? 0;
        if (count != null)
            *count = (nuint)stream.CapturedTail.Count;
        if (dependencies != null)
            throw new DriverException(Result.NotSupported, "the dependencies of a capture are not given");
        return DeviceCalls.Give(status, StatusOf(stream));
    });

    [UnmanagedCallersOnly(EntryPoint = "cuThreadExchangeStreamCaptureMode")]
    private static Result ExchangeMode(CaptureMode* mode) => Entry.Plain("cuThreadExchangeStreamCaptureMode", () =>
    {
        DeviceCalls.CheckOutput(mode);
        if (*mode is < CaptureMode.Global or > CaptureMode.Relaxed)
            throw new DriverException(Result.InvalidValue, $"there is no mode {*mode}");
        (*mode, ThreadState.CaptureMode) = (ThreadState.CaptureMode, *mode);
        return Result.Success;
    });

    /// <summary>Makes a stream wait for an event, which may take it into the event's capture.</summary>
    public static void WaitEvent(CardStream stream, CardEvent item, bool isExternal)
    {
        stream.CheckLegacy();
        if (isExternal || item.Capture is null && stream.Capture is null)
        {
            // An event that was never recorded is no reason to wait.
            if (stream.Capture is not null || item.Recorded is { IsDone: false })
                stream.Submit(new WaitOperation(item));
            return;
        }
        if (item.Capture is null)
        {
            stream.Capture!.Invalidate();
            throw new DriverException(Result.StreamCaptureIsolation, $"{stream} captures, {item} was not recorded in its capture");
        }
        item.Capture.CheckValid();
        if (!Machine.Captures.Contains(item.Capture))
            throw new DriverException(Result.CapturedEvent, $"{item} was recorded in a capture that has ended");
        if (stream.Capture is { } capture && capture != item.Capture)
        {
            capture.Invalidate();
            item.Capture.Invalidate();
            throw new DriverException(Result.StreamCaptureMerge, $"{stream} and {item} belong to two captures");
        }
        if (stream.Role == StreamRole.Legacy)
            throw new DriverException(Result.StreamCaptureImplicit, $"stream 0 cannot capture, {item} was recorded in a capture");
        if (stream.Capture is null)
            item.Capture.Join(stream);
        foreach (var node in item.CapturedNodes)
        {
            if (!stream.CapturedTail.Contains(node))
                stream.CapturedTail.Add(node);
        }
    }

    private static int StatusOf(CardStream stream) => stream.Capture is null ? None : stream.Capture.IsInvalid ? Invalidated : Active;
}
