using System.Diagnostics;
using System.Globalization;
using GpuOptim.Host.Ilgpu;

namespace GpuOptim.Distributed.Nccl;

/// <summary>An operation in the communicator's stream.</summary>
/// <param name="queue">Whose it is.</param>
/// <param name="name">What people call it.</param>
/// <param name="number">The how manieth of the communicator, from 1.</param>
/// <param name="bytes">How much memory it is about.</param>
internal sealed class NcclOperation(NcclQueue queue, string name, long number, long bytes) : Collective
{
    /// <summary>When it was begun.</summary>
    public long Began { get; } = Stopwatch.GetTimestamp();

    /// <summary>Marks its end in the stream; null before it is in the stream, and once the host knows that it is done.</summary>
    public CudaEvent? Done { get; set; }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"Rank {queue.Rank} of {queue.Size}: {name} number {number} ({bytes:#,0} bytes)");

    public override void Wait() => queue.Wait(this);
}
