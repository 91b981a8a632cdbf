using System.Diagnostics.CodeAnalysis;

namespace GpuOptim.Distributed.Nccl;

/// <summary>NCCL's calls that put operations into the stream.</summary>
[RequiresDynamicCode("It is about memory of an IlgpuDevice.")]
internal sealed unsafe class NcclPosts(NcclQueue queue)
{
    private NcclFunctions Nccl => queue.Functions;

    public void AllGather(nint source, nint destination, long[] counts, WireType type)
    {
        if (AreEqual(counts))
        {
            Check(Nccl.AllGather(source, destination, (nuint)counts[0], NcclTypes.Of(type), queue.Communicator, queue.Stream), "ncclAllGather");
            return;
        }
        Group(() =>
        {
            for (var root = 0; root < counts.Length; root++)
            {
                if (counts[root] > 0)
                    Check(Nccl.Broadcast(root == queue.Rank ? source : destination, destination, (nuint)counts[root], NcclTypes.Of(type), root, queue.Communicator, queue.Stream), "ncclBroadcast");
                destination += (nint)(counts[root] * type.Size());
            }
        });
    }

    public void ReduceScatter(nint source, nint destination, long[] counts, WireType type)
    {
        if (AreEqual(counts))
        {
            Check(Nccl.ReduceScatter(source, destination, (nuint)counts[0], NcclTypes.Of(type), NcclTypes.Sum, queue.Communicator, queue.Stream), "ncclReduceScatter");
            return;
        }
        Group(() =>
        {
            for (var root = 0; root < counts.Length; root++)
            {
                // Where another rank gets the sum, the destination is not used.
                if (counts[root] > 0)
                    Check(Nccl.Reduce(source, root == queue.Rank ? destination : source, (nuint)counts[root], NcclTypes.Of(type), NcclTypes.Sum, root, queue.Communicator, queue.Stream), "ncclReduce");
                source += (nint)(counts[root] * type.Size());
            }
        });
    }

    public void AllToAll(nint source, long[] sourceCounts, nint destination, long[] destinationCounts, WireType type)
    {
        var size = type.Size();
        if (sourceCounts[queue.Rank] > 0)
            queue.Copy(source + (nint)(sourceCounts.AsSpan(0, queue.Rank).Total() * size), destination + (nint)(destinationCounts.AsSpan(0, queue.Rank).Total() * size), sourceCounts[queue.Rank] * size);
        if (sourceCounts.AsSpan().Total() + destinationCounts.AsSpan().Total() == 2 * sourceCounts[queue.Rank])
            return;
        Group(() =>
        {
            for (var peer = 0; peer < sourceCounts.Length; peer++)
            {
                if (peer != queue.Rank && sourceCounts[peer] > 0)
                    Check(Nccl.Send(source, (nuint)sourceCounts[peer], NcclTypes.Of(type), peer, queue.Communicator, queue.Stream), "ncclSend");
                if (peer != queue.Rank && destinationCounts[peer] > 0)
                    Check(Nccl.Recv(destination, (nuint)destinationCounts[peer], NcclTypes.Of(type), peer, queue.Communicator, queue.Stream), "ncclRecv");
                source += (nint)(sourceCounts[peer] * size);
                destination += (nint)(destinationCounts[peer] * size);
            }
        });
    }

    public void AllReduce(nint buffer, long count, WireType type) =>
        Check(Nccl.AllReduce(buffer, buffer, (nuint)count, NcclTypes.Of(type), NcclTypes.Sum, queue.Communicator, queue.Stream), "ncclAllReduce");

    public void Broadcast(nint buffer, long count, WireType type, int root) =>
        Check(Nccl.Broadcast(buffer, buffer, (nuint)count, NcclTypes.Of(type), root, queue.Communicator, queue.Stream), "ncclBroadcast");

    private static bool AreEqual(long[] counts) => !counts.AsSpan().ContainsAnyExcept(counts[0]);

    private void Check(int result, string function) => Nccl.Check(result, function, queue.Communicator);

    /// <summary>Calls that NCCL sees as one. A group that was begun is ended, whatever happens, or all later calls would join it.</summary>
    private void Group(Action calls)
    {
        Check(Nccl.GroupStart(), "ncclGroupStart");
        try
        {
            calls();
        }
        catch
        {
            _ = Nccl.GroupEnd();
            throw;
        }
        Check(Nccl.GroupEnd(), "ncclGroupEnd");
    }
}
