namespace GpuOptim.Distributed;

/// <summary>
/// Counts the bytes that a rank's operations move by their definition, whatever way a library takes: what rank itself keeps is not moved. Of N ranks, an
/// all-gather sends the own part N - 1 times; a reduce-scatter sends all but the own part; an all-to-all all parts but the own; an all-reduce is a
/// reduce-scatter and an all-gather, 2 (N - 1) / N of the buffer; a broadcast sends the root's buffer N - 1 times. Retries and headers are not counted.
/// </summary>
/// <param name="rank">The rank that counts.</param>
/// <param name="size">How many ranks there are.</param>
internal sealed class Traffic(int rank, int size)
{
    private long _sent;
    private long _received;

    /// <summary>What the rank sent so far.</summary>
    public long Sent => Interlocked.Read(ref _sent);

    /// <summary>What the rank received so far.</summary>
    public long Received => Interlocked.Read(ref _received);

    public void AllGather(ReadOnlySpan<long> counts, WireType type) => Add((size - 1) * counts[rank] * type.Size(), (counts.Total() - counts[rank]) * type.Size());

    public void ReduceScatter(ReadOnlySpan<long> counts, WireType type) => Add((counts.Total() - counts[rank]) * type.Size(), (size - 1) * counts[rank] * type.Size());

    public void AllToAll(ReadOnlySpan<long> sourceCounts, ReadOnlySpan<long> destinationCounts, WireType type) =>
        Add((sourceCounts.Total() - sourceCounts[rank]) * type.Size(), (destinationCounts.Total() - destinationCounts[rank]) * type.Size());

    public void AllReduce(long count, WireType type)
    {
        var bytes = 2 * (size - 1) * count * type.Size() / size;
        Add(bytes, bytes);
    }

    public void Broadcast(long count, WireType type, int root) => Add(rank == root ? (size - 1) * count * type.Size() : 0, rank == root ? 0 : count * type.Size());

    private void Add(long sent, long received)
    {
        Interlocked.Add(ref _sent, sent);
        Interlocked.Add(ref _received, received);
    }
}
