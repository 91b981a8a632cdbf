using System.Runtime.InteropServices;

namespace GpuOptim.Distributed.Mpi;

/// <summary>
/// A while in which libraries may take over the signals that .NET makes exceptions of; afterwards they are .NET's again. UCX, under MPICH and Open MPI,
/// prints a backtrace and kills the process where .NET would throw a <see cref="NullReferenceException"/>.
/// </summary>
internal sealed unsafe class FaultSignals : IDisposable
{
    // More than a struct sigaction has anywhere; it is handed back as it came.
    private const int ActionLength = 1024;

    // Illegal instruction, trap, abort, bus error (10 on macOS), arithmetic fault, invalid address.
    private static readonly int[] _signals = [4, 5, 6, OperatingSystem.IsMacOS() ? 10 : 7, 8, 11];

    private readonly byte[] _actions = new byte[_signals.Length * ActionLength];
    private readonly delegate* unmanaged<int, void*, void*, int> _sigaction;

    /// <summary>Remembers who has the signals.</summary>
    public FaultSignals()
    {
        if (OperatingSystem.IsWindows() || Find() is not (not 0 and var function))
            return;
        _sigaction = (delegate* unmanaged<int, void*, void*, int>)function;
        fixed (byte* actions = _actions)
        {
            for (var i = 0; i < _signals.Length; i++)
                _ = _sigaction(_signals[i], null, actions + i * ActionLength);
        }
    }

    /// <summary>Gives them back.</summary>
    public void Dispose()
    {
        if (_sigaction == null)
            return;
        fixed (byte* actions = _actions)
        {
            for (var i = 0; i < _signals.Length; i++)
                _ = _sigaction(_signals[i], actions + i * ActionLength, null);
        }
    }

    /// <summary>The C library's own function: some libraries have one of the same name that does nothing for these signals.</summary>
    private static nint Find()
    {
        foreach (var name in (string[])["libc.so.6", "libc.dylib", "libc"])
        {
            if (NativeLibrary.TryLoad(name, out var library) && NativeLibrary.TryGetExport(library, "sigaction", out var function))
                return function;
        }
        return 0;
    }
}
