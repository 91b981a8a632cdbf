using System.Runtime.InteropServices;

namespace GpuOptim.Benchmarks.Rivals;

/// <summary>Keeps what the C library holds of freed memory within bounds.</summary>
/// <remarks>
/// TorchSharp's steps free as much as two temporaries for each parameter. Before version 2.38, glibc rarely reuses aligned blocks, which libtorch's are: a
/// process grows with each step until the machine has no memory left.
/// </remarks>
internal sealed partial class NativeHeap
{
    private readonly long _limit;

    /// <summary>Has the C library give back all that it can.</summary>
    /// <param name="room">Bytes by which the process may grow from now on.</param>
    public NativeHeap(long room)
    {
        Trim();
        _limit = Environment.WorkingSet + room;
    }

    /// <summary>Gives back what was freed, if the process has grown by more than it may.</summary>
    public void TrimIfLarge()
    {
        if (Environment.WorkingSet > _limit)
            Trim();
    }

    private static void Trim()
    {
        try
        {
            _ = Trim(0);
        }
        catch (Exception missing) when (missing is DllNotFoundException or EntryPointNotFoundException)
        {
            // Only glibc has it, and needs it.
        }
    }

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int Trim(nuint left);
}
