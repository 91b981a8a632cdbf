using GpuOptim.Host;

namespace GpuOptim.Benchmarks;

/// <summary>An accelerator to measure: its device, what it can do at most, and a clock of its own.</summary>
internal interface IAccelerator : IDisposable
{
    Device Device { get; }

    /// <summary>What it is, for people.</summary>
    string Description { get; }

    /// <summary>Bytes a second that a copy of its memory reads and writes, measured; null if that says nothing.</summary>
    double? Bandwidth { get; }

    /// <summary>Operations a second of bfloat16 <c>mma.sync</c> in registers alone, measured, a multiply-add counted as two; null if there are no tensor cores.</summary>
    double? Flops { get; }

    /// <summary>Work to time on the accelerator's own clock, each time with nothing in its caches.</summary>
    IWorkload Timed(string name, Action work);

    /// <summary>Seconds that the host takes to send work to the idle accelerator; it does not wait for it.</summary>
    double HostSeconds(Action work);
}
