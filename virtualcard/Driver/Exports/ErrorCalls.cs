using System.Runtime.InteropServices;

namespace VirtualCard.Driver.Exports;

/// <summary>The names and texts of results.</summary>
internal static unsafe class ErrorCalls
{
    [UnmanagedCallersOnly(EntryPoint = "cuGetErrorName")]
    private static Result GetName(Result error, byte** text) => Entry.Anytime("cuGetErrorName", () =>
    {
        DeviceCalls.CheckOutput(text);
        return ResultNames.TryGet(error, out *text, out _) ? Result.Success : Result.InvalidValue;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuGetErrorString")]
    private static Result GetString(Result error, byte** text) => Entry.Anytime("cuGetErrorString", () =>
    {
        DeviceCalls.CheckOutput(text);
        return ResultNames.TryGet(error, out _, out *text) ? Result.Success : Result.InvalidValue;
    });
}
