namespace GpuOptim.Distributed.Mpi;

/// <summary>The calls of MPI's that begin the operations; all run on the thread that calls MPI.</summary>
/// <remarks>
/// MPI counts in ints, places within a buffer too, and some implementations count bytes so. An operation of more than a gigabyte becomes one call a rank
/// and piece; all ranks decide so alike, since they know the same counts.
/// </remarks>
/// <param name="runtime">The process's MPI.</param>
/// <param name="communicator">The handle.</param>
/// <param name="rank">This rank.</param>
/// <param name="maxPiece">How many elements a call moves at most, whatever they are.</param>
internal sealed unsafe class MpiPosts(MpiRuntime runtime, nint communicator, int rank, int maxPiece)
{
    private const int MaxBytes = 1 << 30;

    private MpiLibrary Library => runtime.Library;

    /// <summary>Collects the parts of all ranks; this rank's is in its place already.</summary>
    public void AllGather(MpiOperation operation, nint destination, long[] counts, WireType type)
    {
        var (mpiType, _) = runtime.TypeOf(type);
        var pieceLength = PieceLength(type);
        if (counts.AsSpan().Total() <= pieceLength)
        {
            var lengths = Lengths(operation, counts);
            nint request = 0;
            Library.Check(Library.IAllGatherV(Library.Abi.InPlace, 0, mpiType, destination, lengths, lengths + counts.Length, mpiType, communicator, &request), "MPI_Iallgatherv");
            operation.Add(request);
            return;
        }
        for (var root = 0; root < counts.Length; root++)
        {
            Broadcast(operation, destination, counts[root], type, root);
            destination += (nint)(counts[root] * type.Size());
        }
    }

    /// <summary>Adds up, and leaves each rank its part.</summary>
    public void ReduceScatter(MpiOperation operation, nint source, nint destination, long[] counts, WireType type)
    {
        var (mpiType, sum) = runtime.TypeOf(type);
        var pieceLength = PieceLength(type);
        if (counts.AsSpan().Total() <= pieceLength)
        {
            var lengths = Lengths(operation, counts);
            nint request = 0;
            Library.Check(Library.IReduceScatter(source, destination, lengths, mpiType, sum, communicator, &request), "MPI_Ireduce_scatter");
            operation.Add(request);
            return;
        }
        for (var root = 0; root < counts.Length; root++)
        {
            for (long start = 0; start < counts[root]; start += pieceLength)
            {
                nint request = 0;
                var offset = (nint)(start * type.Size());
                Library.Check(Library.IReduce(source + offset, root == rank ? destination + offset : 0, (int)Math.Min(pieceLength, counts[root] - start), mpiType, sum, root, communicator, &request), "MPI_Ireduce");
                operation.Add(request);
            }
            source += (nint)(counts[root] * type.Size());
        }
    }

    /// <summary>Sends parts to, and takes parts from, all ranks but this one.</summary>
    /// <remarks>
    /// By messages, since no rank knows whether another's counts fit an int. Messages of two ranks arrive in the order in which they are sent, so that those of
    /// two operations are not confused.
    /// </remarks>
    public void AllToAll(MpiOperation operation, nint source, long[] sourceCounts, nint destination, long[] destinationCounts, WireType type)
    {
        var (mpiType, _) = runtime.TypeOf(type);
        var pieceLength = PieceLength(type);
        var size = sourceCounts.Length;
        // What is awaited first need not be kept elsewhere when it comes. Each rank begins with another.
        for (var distance = 1; distance < size; distance++)
        {
            var from = (rank - distance + size) % size;
            var place = destination + (nint)(destinationCounts.AsSpan(0, from).Total() * type.Size());
            for (long start = 0; start < destinationCounts[from]; start += pieceLength)
            {
                nint request = 0;
                Library.Check(Library.IRecv(place + (nint)(start * type.Size()), (int)Math.Min(pieceLength, destinationCounts[from] - start), mpiType, from, 0, communicator, &request), "MPI_Irecv");
                operation.Add(request);
            }
        }
        for (var distance = 1; distance < size; distance++)
        {
            var to = (rank + distance) % size;
            var place = source + (nint)(sourceCounts.AsSpan(0, to).Total() * type.Size());
            for (long start = 0; start < sourceCounts[to]; start += pieceLength)
            {
                nint request = 0;
                Library.Check(Library.ISend(place + (nint)(start * type.Size()), (int)Math.Min(pieceLength, sourceCounts[to] - start), mpiType, to, 0, communicator, &request), "MPI_Isend");
                operation.Add(request);
            }
        }
    }

    /// <summary>Adds up in place. MPI requires that all ranks get identical results.</summary>
    public void AllReduce(MpiOperation operation, nint buffer, long count, WireType type)
    {
        var (mpiType, sum) = runtime.TypeOf(type);
        var pieceLength = PieceLength(type);
        for (long start = 0; start < count; start += pieceLength)
        {
            nint request = 0;
            Library.Check(Library.IAllReduce(Library.Abi.InPlace, buffer + (nint)(start * type.Size()), (int)Math.Min(pieceLength, count - start), mpiType, sum, communicator, &request), "MPI_Iallreduce");
            operation.Add(request);
        }
    }

    /// <summary>Copies the root's to all.</summary>
    public void Broadcast(MpiOperation operation, nint buffer, long count, WireType type, int root)
    {
        var (mpiType, _) = runtime.TypeOf(type);
        var pieceLength = PieceLength(type);
        for (long start = 0; start < count; start += pieceLength)
        {
            nint request = 0;
            Library.Check(Library.IBcast(buffer + (nint)(start * type.Size()), (int)Math.Min(pieceLength, count - start), mpiType, root, communicator, &request), "MPI_Ibcast");
            operation.Add(request);
        }
    }

    private int PieceLength(WireType type) => Math.Min(maxPiece, MaxBytes / type.Size());

    /// <summary>Counts as MPI takes them, and behind them where each part begins.</summary>
    private static int* Lengths(MpiOperation operation, long[] counts)
    {
        var lengths = operation.Ints(2 * counts.Length);
        var starts = lengths + counts.Length;
        var start = 0;
        for (var i = 0; i < counts.Length; i++)
        {
            lengths[i] = (int)counts[i];
            starts[i] = start;
            start += lengths[i];
        }
        return lengths;
    }
}
