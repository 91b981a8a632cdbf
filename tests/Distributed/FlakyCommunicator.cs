using GpuOptim.Distributed;
using GpuOptim.Host;

namespace GpuOptim.Tests.Distributed;

/// <summary>One rank, alone, whose operations cannot be begun when a test says so.</summary>
internal sealed class FlakyCommunicator(Device device) : ICommunicator
{
    private readonly SelfCommunicator _inner = new(device);

    public bool FailsToGatherNumbers { get; set; }

    public int Rank => 0;

    public int Size => 1;

    public Device Device => device;

    public Collective AllGather(nint source, nint destination, ReadOnlySpan<long> counts, WireType type) => FailsToGatherNumbers && type != WireType.Byte
        ? throw new CommunicationException("It was made to fail.")
        : _inner.AllGather(source, destination, counts, type);

    public Collective ReduceScatter(nint source, nint destination, ReadOnlySpan<long> counts, WireType type) => _inner.ReduceScatter(source, destination, counts, type);

    public Collective AllToAll(nint source, ReadOnlySpan<long> sourceCounts, nint destination, ReadOnlySpan<long> destinationCounts, WireType type) =>
        _inner.AllToAll(source, sourceCounts, destination, destinationCounts, type);

    public Collective AllReduce(nint buffer, long count, WireType type) => _inner.AllReduce(buffer, count, type);

    public Collective Broadcast(nint buffer, long count, WireType type, int root) => _inner.Broadcast(buffer, count, type, root);

    public void Dispose() => _inner.Dispose();
}
