namespace GpuOptim.Host.Ilgpu;

/// <summary>What a device has asked of its accelerator since it was made.</summary>
/// <param name="Launches">Kernels launched; a graph, whatever it holds, is one launch.</param>
/// <param name="HostWaits">How often the host waited for the accelerator: copies from and to the host's arrays, <see cref="Device.Synchronize"/>, and uploads that ran further ahead than the ring is long.</param>
/// <param name="TableBuilds">Tables of tensors made: one for each launch of a step, again when tensors or state come or go.</param>
/// <param name="BytesToDevice">Bytes copied from the host.</param>
/// <param name="BytesToHost">Bytes copied to the host.</param>
public readonly record struct IlgpuCounters(long Launches, long HostWaits, long TableBuilds, long BytesToDevice, long BytesToHost)
{
    /// <summary>Steps captured as graphs.</summary>
    public long Captures { get; init; }

    /// <summary>What was asked between two readings.</summary>
    /// <param name="after">The later one.</param>
    /// <param name="before">The earlier one.</param>
    public static IlgpuCounters operator -(IlgpuCounters after, IlgpuCounters before) => new(
        after.Launches - before.Launches,
        after.HostWaits - before.HostWaits,
        after.TableBuilds - before.TableBuilds,
        after.BytesToDevice - before.BytesToDevice,
        after.BytesToHost - before.BytesToHost)
    {
        Captures = after.Captures - before.Captures,
    };
}
