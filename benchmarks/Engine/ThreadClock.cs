using System.Diagnostics;
using System.Runtime.InteropServices;

namespace GpuOptim.Benchmarks.Engine;

/// <summary>Time that the calling thread had a processor, where the system tells it, which is on Linux; elsewhere time that passed. Other programs make the latter longer.</summary>
internal static partial class ThreadClock
{
    private const int ThreadCpuTime = 3;

    /// <summary>Seconds since some moment.</summary>
    public static double Seconds
    {
        get
        {
            if (!OperatingSystem.IsLinux())
                return (double)Stopwatch.GetTimestamp() / Stopwatch.Frequency;
            if (GetTime(ThreadCpuTime, out var time) != 0)
                throw new InvalidOperationException("The system must tell what time a thread had a processor.");
            return time.Seconds + 1e-9 * time.Nanoseconds;
        }
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int GetTime(int clock, out Time time);

    /// <summary>As C has it, on systems of 64 bits.</summary>
    private readonly struct Time
    {
        public readonly nint Seconds;

        public readonly nint Nanoseconds;
    }
}
