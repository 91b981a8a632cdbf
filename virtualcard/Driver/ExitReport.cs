using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace VirtualCard.Driver;

/// <summary>Says at the process's exit what nobody freed.</summary>
internal static unsafe partial class ExitReport
{
    private static bool _isRegistered;

    public static void Register()
    {
        if (_isRegistered || OperatingSystem.IsWindows())
            return;
        _isRegistered = true;
        // atexit itself is no export of the C library.
        _ = AtExit(&OnExit, 0, 0);
    }

    [LibraryImport("libc", EntryPoint = "__cxa_atexit")]
    private static partial int AtExit(delegate* unmanaged[Cdecl]<nint, void> function, nint argument, nint library);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnExit(nint argument)
    {
        // A thread that was stopped inside of a call keeps the lock.
        if (!Monitor.TryEnter(Machine.Gate, 100))
            return;
        try
        {
            foreach (var line in Machine.Summary())
                Machine.Reports.Write($"left at the end: {line}");
        }
        catch (Exception exception) when (exception is IOException or InvalidOperationException)
        {
        }
        finally
        {
            Monitor.Exit(Machine.Gate);
        }
    }
}
