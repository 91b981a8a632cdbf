using System.Runtime.InteropServices;

namespace GpuOptim.Distributed.Mpi;

/// <summary>Finds the MPI that is installed, and of several the one that started this process.</summary>
internal static class MpiFinder
{
    /// <summary>The environment variable that names the library.</summary>
    public const string Variable = "GPUOPTIM_MPI";

    // Of Open MPI 2 to 5; MPICH from 3.1 on as Debian, and as others call it, Intel MPI and MVAPICH too; then what only developers' packages have.
    private static readonly string[] _openMpiNames = OperatingSystem.IsMacOS() ? ["libmpi.40.dylib", "/opt/homebrew/lib/libmpi.40.dylib", "/usr/local/lib/libmpi.40.dylib"] : ["libmpi.so.40"];
    private static readonly string[] _mpichNames = OperatingSystem.IsMacOS() ? ["libmpi.12.dylib", "libmpich.12.dylib", "/opt/homebrew/lib/libmpi.12.dylib"] : ["libmpich.so.12", "libmpi.so.12"];
    private static readonly string[] _windowsNames = ["msmpi.dll", "impi.dll"];
    private static readonly string[] _anyNames = OperatingSystem.IsMacOS() ? ["libmpi.dylib"] : ["libmpi.so", "libmpich.so"];

    /// <summary>Names to try, the likeliest first.</summary>
    public static string[] Names(MpiLauncher launcher) =>
        OperatingSystem.IsWindows() ? _windowsNames
        : launcher.IsOpenMpi == false ? [.. _mpichNames, .. _anyNames, .. _openMpiNames]
        : [.. _openMpiNames, .. _anyNames, .. _mpichNames];

    /// <summary>Loads the library.</summary>
    /// <exception cref="CommunicationException">There is none.</exception>
    public static (nint Library, string Name) Load(MpiLauncher launcher)
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named)
        {
            return NativeLibrary.TryLoad(named, out var chosen) && NativeLibrary.TryGetExport(chosen, "MPI_Init_thread", out _)
                ? (chosen, named)
                : throw new CommunicationException($"The environment variable {Variable} names no library of MPI that can be loaded. Actual value was '{named}'.");
        }
        return Load(Names(launcher));
    }

    /// <summary>Loads the first of some libraries that there is.</summary>
    /// <exception cref="CommunicationException">There is none.</exception>
    public static (nint Library, string Name) Load(string[] names)
    {
        foreach (var name in names)
        {
            if (NativeLibrary.TryLoad(name, out var library) && NativeLibrary.TryGetExport(library, "MPI_Init_thread", out _))
                return (library, name);
        }
        throw new CommunicationException(
            $"No MPI was found: none of {string.Join(", ", names)} can be loaded. Install one (Debian and Ubuntu: apt install openmpi-bin, or mpich; macOS: brew install open-mpi; "
            + $"Windows: MS-MPI), or name its library in the environment variable {Variable}.");
    }
}
