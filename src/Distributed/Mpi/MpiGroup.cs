namespace GpuOptim.Distributed.Mpi;

/// <summary>A communicator of MPI's, as the thread that calls MPI made it.</summary>
/// <param name="Handle">The handle.</param>
/// <param name="Rank">This process's number in it.</param>
/// <param name="Size">How many processes it has.</param>
/// <param name="LocalRank">This process's number among those on this machine.</param>
internal sealed record MpiGroup(nint Handle, int Rank, int Size, int LocalRank)
{
    /// <summary>A copy of the world: what others send there is not confused with what is sent here.</summary>
    public static unsafe MpiGroup World(MpiRuntime runtime, TimeSpan timeout)
    {
        MpiGroup? group = null;
        runtime.Call(
            () =>
            {
                nint handle = 0;
                runtime.Library.Check(runtime.Library.CommDup(runtime.Library.Abi.CommWorld, &handle), "MPI_Comm_dup");
                group = Of(runtime.Library, handle);
            },
            "MPI_Comm_dup",
            timeout);
        return group!;
    }

    /// <summary>The ranks of a communicator that name the same color.</summary>
    public static unsafe MpiGroup Split(MpiRuntime runtime, nint communicator, int color, int key, TimeSpan timeout)
    {
        MpiGroup? group = null;
        runtime.Call(
            () =>
            {
                nint handle = 0;
                runtime.Library.Check(runtime.Library.CommSplit(communicator, color, key, &handle), "MPI_Comm_split");
                group = Of(runtime.Library, handle);
            },
            "MPI_Comm_split",
            timeout);
        return group!;
    }

    private static unsafe MpiGroup Of(MpiLibrary library, nint handle)
    {
        int rank = 0, size = 0, localRank = 0;
        nint machine = 0;
        library.Check(library.CommSetErrhandler(handle, library.Abi.ErrorsReturn), "MPI_Comm_set_errhandler");
        library.Check(library.CommRank(handle, &rank), "MPI_Comm_rank");
        library.Check(library.CommSize(handle, &size), "MPI_Comm_size");
        library.Check(library.CommSplitType(handle, library.Abi.CommTypeShared, 0, library.Abi.InfoNull, &machine), "MPI_Comm_split_type");
        library.Check(library.CommRank(machine, &localRank), "MPI_Comm_rank");
        library.Check(library.CommFree(&machine), "MPI_Comm_free");
        return new(handle, rank, size, localRank);
    }
}
