using GpuOptim.Host;

namespace GpuOptim.Benchmarks;

/// <summary>An accelerator to measure: its device, what it can do at most, and a clock of its own.</summary>
internal interface IAccelerator : IDisposable
{
    Device Device { get; }

    /// <summary>What it is, for people.</summary>
    string Description { get; }

    /// <summary>Bytes a second between its memory and its chips; null if unknown.</summary>
    double? Bandwidth { get; }

    /// <summary>Operations a second of bfloat16 products on its tensor cores, a multiply-add counted as two; null if unknown.</summary>
    double? Flops { get; }

    /// <summary>Work to time on the accelerator's own clock, each time with nothing in its caches.</summary>
    IWorkload Timed(string name, Action work);
}
