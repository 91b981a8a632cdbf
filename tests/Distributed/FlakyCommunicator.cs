using GpuOptim.Distributed;
using GpuOptim.Host;

namespace GpuOptim.Tests.Distributed;

/// <summary>Another communicator, whose parameters cannot be gathered when a test says so: on all ranks, so that they stay in step.</summary>
internal sealed class FlakyCommunicator(ICommunicator inner) : ICommunicator
{
    public bool FailsToGatherNumbers { get; set; }

    public int Rank => inner.Rank;

    public int Size => inner.Size;

    public Device Device => inner.Device;

    public Collective AllGather(nint source, nint destination, ReadOnlySpan<long> counts, WireType type) => FailsToGatherNumbers && type != WireType.Byte
        ? throw new CommunicationException("It was made to fail.")
        : inner.AllGather(source, destination, counts, type);

    public Collective ReduceScatter(nint source, nint destination, ReadOnlySpan<long> counts, WireType type) => inner.ReduceScatter(source, destination, counts, type);

    public Collective AllToAll(nint source, ReadOnlySpan<long> sourceCounts, nint destination, ReadOnlySpan<long> destinationCounts, WireType type) =>
        inner.AllToAll(source, sourceCounts, destination, destinationCounts, type);

    public Collective AllReduce(nint buffer, long count, WireType type) => inner.AllReduce(buffer, count, type);

    public Collective Broadcast(nint buffer, long count, WireType type, int root) => inner.Broadcast(buffer, count, type, root);

    public void Dispose() => inner.Dispose();
}
