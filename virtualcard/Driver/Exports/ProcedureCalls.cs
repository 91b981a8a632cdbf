using System.Runtime.InteropServices;

namespace VirtualCard.Driver.Exports;

/// <summary>Addresses of the driver's functions by their names.</summary>
internal static unsafe partial class ProcedureCalls
{
    private const int Found = 0;

    private const int NotFound = 1;

    // The newest first; a name without a suffix stands for the newest that the caller's version of CUDA knows.
    private static readonly string[] _suffixes = ["_v2", ""];

    private static nint _library;

    [UnmanagedCallersOnly(EntryPoint = "cuGetProcAddress")]
    private static Result GetAddress(byte* symbol, nint* result, int version, ulong flags) => Get("cuGetProcAddress", symbol, result, version, flags, null);

    [UnmanagedCallersOnly(EntryPoint = "cuGetProcAddress_v2")]
    private static Result GetAddress2(byte* symbol, nint* result, int version, ulong flags, int* status) => Get("cuGetProcAddress_v2", symbol, result, version, flags, status);

    private static Result Get(string call, byte* symbol, nint* result, int version, ulong flags, int* status) => Entry.Anytime(call, () =>
    {
        DeviceCalls.CheckOutput(result);
        var name = Text.Take(symbol, "symbol");
        _ = (version, flags);
        *result = 0;
        foreach (var suffix in _suffixes)
        {
            if (NativeLibrary.TryGetExport(Library(), name + suffix, out *result))
                break;
        }
        if (status != null)
            *status = *result == 0 ? NotFound : Found;
        // Programs ask in order to find out.
        return *result == 0 ? Result.NotFound : Result.Success;
    });

    private static nint Library()
    {
        if (_library != 0)
            return _library;
        if (OperatingSystem.IsWindows())
            return _library = NativeLibrary.Load("libcuda.dll");
        DynamicLibraryInfo info;
        if (FindLibrary((void*)(delegate* unmanaged<byte*, nint*, int, ulong, Result>)&GetAddress, &info) == 0)
            throw new DriverException(Result.NotSupported, "the library does not find itself");
        return _library = NativeLibrary.Load(Text.Take(info.FileName, "file name"));
    }

    [LibraryImport("libc", EntryPoint = "dladdr")]
    private static partial int FindLibrary(void* address, DynamicLibraryInfo* info);
}
