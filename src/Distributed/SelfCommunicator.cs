using GpuOptim.Host;

namespace GpuOptim.Distributed;

/// <summary>One rank, alone: a program for many that runs on one.</summary>
/// <param name="device">The device whose memory is copied.</param>
public sealed class SelfCommunicator(Device device) : ICommunicator
{
    /// <inheritdoc/>
    public int Rank => 0;

    /// <inheritdoc/>
    public int Size => 1;

    /// <inheritdoc/>
    public bool AddsInRankOrder => true;

    /// <inheritdoc/>
    public Device Device { get; } = device ?? throw new ArgumentNullException(nameof(device));

    /// <inheritdoc/>
    public Collective AllGather(nint source, nint destination, ReadOnlySpan<long> counts, WireType type) => Copy(source, destination, counts, type);

    /// <inheritdoc/>
    public Collective ReduceScatter(nint source, nint destination, ReadOnlySpan<long> counts, WireType type) => Copy(source, destination, counts, type);

    /// <inheritdoc/>
    public Collective AllToAll(nint source, ReadOnlySpan<long> sourceCounts, nint destination, ReadOnlySpan<long> destinationCounts, WireType type) => Copy(source, destination, sourceCounts, type);

    /// <inheritdoc/>
    public Collective AllReduce(nint buffer, long count, WireType type) => Collective.Completed;

    /// <inheritdoc/>
    public Collective Broadcast(nint buffer, long count, WireType type, int root) => Collective.Completed;

    /// <summary>Does nothing: there is nothing to give back.</summary>
    public void Dispose()
    {
    }

    private Collective Copy(nint source, nint destination, ReadOnlySpan<long> counts, WireType type)
    {
        if (source != destination)
            Device.Copy(source, destination, counts[0] * type.Size());
        return Collective.Completed;
    }
}
