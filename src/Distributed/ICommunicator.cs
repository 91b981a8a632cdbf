using GpuOptim.Host;

namespace GpuOptim.Distributed;

/// <summary>
/// A group of processes, its ranks, that train together: what a sharded step needs of MPI, of NCCL, or of an engine's own transport. Every rank calls the
/// same operations in the same order.
/// </summary>
/// <remarks>
/// Addresses are in the address space of <see cref="Device"/>. An operation sees all that was given to the device before it was begun; its memory must
/// stay as it is until <see cref="Collective.Wait"/>. Operations end in the order in which they were begun. Counts are of elements, and the same on every
/// rank but for <see cref="AllToAll"/>; they may be 0. No operation waits for ever: one that does not end within a time limit of the communicator's fails,
/// and so do all after it.
/// </remarks>
public interface ICommunicator : IDisposable
{
    /// <summary>This process, from 0 to <see cref="Size"/> - 1.</summary>
    int Rank { get; }

    /// <summary>How many processes there are.</summary>
    int Size { get; }

    /// <summary>The device whose memory travels.</summary>
    Device Device { get; }

    /// <summary>
    /// Whether <see cref="ReduceScatter"/> adds in the order of ranks, 16-bit numbers in float32 with one rounding at the end: the same bits as any other that
    /// does.
    /// </summary>
    bool AddsInRankOrder => false;

    /// <summary>Collects a part of each rank on every rank.</summary>
    /// <param name="source">This rank's part; it may lie where it belongs in <paramref name="destination"/>.</param>
    /// <param name="destination">Takes the parts of all ranks, one behind the other.</param>
    /// <param name="counts">How long the part of each rank is.</param>
    /// <param name="type">What the parts are of.</param>
    /// <returns>The operation, begun.</returns>
    /// <exception cref="CommunicationException">It could not be begun.</exception>
    Collective AllGather(nint source, nint destination, ReadOnlySpan<long> counts, WireType type);

    /// <summary>Adds up what all ranks have, in an order of the communicator's own unless <see cref="AddsInRankOrder"/>, and leaves each rank its part of the sum.</summary>
    /// <param name="source">What this rank has: a part for each rank, one behind the other.</param>
    /// <param name="destination">Takes this rank's part of the sum; does not overlap the source.</param>
    /// <param name="counts">How long the part of each rank is.</param>
    /// <param name="type">What the parts are of; not bytes.</param>
    /// <returns>The operation, begun.</returns>
    /// <exception cref="CommunicationException">It could not be begun.</exception>
    Collective ReduceScatter(nint source, nint destination, ReadOnlySpan<long> counts, WireType type);

    /// <summary>Sends each rank a part of its own, and takes one from each.</summary>
    /// <param name="source">A part for each rank, one behind the other.</param>
    /// <param name="sourceCounts">How long the part for each rank is.</param>
    /// <param name="destination">Takes the part of each rank, one behind the other; does not overlap the source.</param>
    /// <param name="destinationCounts">How long the part from each rank is: what it says that it sends here.</param>
    /// <param name="type">What the parts are of.</param>
    /// <returns>The operation, begun.</returns>
    /// <exception cref="CommunicationException">It could not be begun.</exception>
    Collective AllToAll(nint source, ReadOnlySpan<long> sourceCounts, nint destination, ReadOnlySpan<long> destinationCounts, WireType type);

    /// <summary>Adds up what all ranks have, in place, in an order of the communicator's own; every rank gets the same bits.</summary>
    /// <param name="buffer">What this rank has; takes the sum.</param>
    /// <param name="count">How many elements there are.</param>
    /// <param name="type">What they are; not bytes.</param>
    /// <returns>The operation, begun.</returns>
    /// <exception cref="CommunicationException">It could not be begun.</exception>
    Collective AllReduce(nint buffer, long count, WireType type);

    /// <summary>Copies what one rank has to all.</summary>
    /// <param name="buffer">What the root has; takes it elsewhere.</param>
    /// <param name="count">How many elements there are.</param>
    /// <param name="type">What they are.</param>
    /// <param name="root">The rank that has it.</param>
    /// <returns>The operation, begun.</returns>
    /// <exception cref="CommunicationException">It could not be begun.</exception>
    Collective Broadcast(nint buffer, long count, WireType type, int root);
}
