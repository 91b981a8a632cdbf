using System.Runtime.InteropServices;
using System.Text;

namespace GpuOptim.Distributed.Mpi;

/// <summary>An MPI's functions, found when running. Handles are <see cref="nint"/>, see <see cref="MpiAbi"/>.</summary>
internal sealed unsafe class MpiLibrary(nint library)
{
    private const int ErrorTextLength = 1024, VersionTextLength = 8192;

    public readonly MpiAbi Abi = MpiAbi.Of(library);

    public readonly delegate* unmanaged<int*, int> Initialized = (delegate* unmanaged<int*, int>)Of(library, "MPI_Initialized");
    public readonly delegate* unmanaged<int*, int> Finalized = (delegate* unmanaged<int*, int>)Of(library, "MPI_Finalized");
    public readonly delegate* unmanaged<void*, void*, int, int*, int> InitThread = (delegate* unmanaged<void*, void*, int, int*, int>)Of(library, "MPI_Init_thread");
    public readonly delegate* unmanaged<int*, int> QueryThread = (delegate* unmanaged<int*, int>)Of(library, "MPI_Query_thread");
    public readonly delegate* unmanaged<int> Finalize = (delegate* unmanaged<int>)Of(library, "MPI_Finalize");
    public readonly delegate* unmanaged<nint, int, int> Abort = (delegate* unmanaged<nint, int, int>)Of(library, "MPI_Abort");
    public readonly delegate* unmanaged<nint, int*, int> CommRank = (delegate* unmanaged<nint, int*, int>)Of(library, "MPI_Comm_rank");
    public readonly delegate* unmanaged<nint, int*, int> CommSize = (delegate* unmanaged<nint, int*, int>)Of(library, "MPI_Comm_size");
    public readonly delegate* unmanaged<nint, nint*, int> CommDup = (delegate* unmanaged<nint, nint*, int>)Of(library, "MPI_Comm_dup");
    public readonly delegate* unmanaged<nint, int, int, nint*, int> CommSplit = (delegate* unmanaged<nint, int, int, nint*, int>)Of(library, "MPI_Comm_split");
    public readonly delegate* unmanaged<nint, int, int, nint, nint*, int> CommSplitType = (delegate* unmanaged<nint, int, int, nint, nint*, int>)Of(library, "MPI_Comm_split_type");
    public readonly delegate* unmanaged<nint*, int> CommFree = (delegate* unmanaged<nint*, int>)Of(library, "MPI_Comm_free");
    public readonly delegate* unmanaged<nint, nint, int> CommSetErrhandler = (delegate* unmanaged<nint, nint, int>)Of(library, "MPI_Comm_set_errhandler");
    public readonly delegate* unmanaged<nint*, int*, nint, int> Test = (delegate* unmanaged<nint*, int*, nint, int>)Of(library, "MPI_Test");

    /// <summary>Source, count, type, destination, counts, displacements, type, communicator, request.</summary>
    public readonly delegate* unmanaged<nint, int, nint, nint, int*, int*, nint, nint, nint*, int> IAllGatherV =
        (delegate* unmanaged<nint, int, nint, nint, int*, int*, nint, nint, nint*, int>)Of(library, "MPI_Iallgatherv");

    /// <summary>Source, destination, count, type, operation, communicator, request.</summary>
    public readonly delegate* unmanaged<nint, nint, int, nint, nint, nint, nint*, int> IAllReduce =
        (delegate* unmanaged<nint, nint, int, nint, nint, nint, nint*, int>)Of(library, "MPI_Iallreduce");

    /// <summary>Buffer, count, type, root, communicator, request.</summary>
    public readonly delegate* unmanaged<nint, int, nint, int, nint, nint*, int> IBcast = (delegate* unmanaged<nint, int, nint, int, nint, nint*, int>)Of(library, "MPI_Ibcast");

    /// <summary>Buffer, count, type, to whom or from whom, tag, communicator, request.</summary>
    public readonly delegate* unmanaged<nint, int, nint, int, int, nint, nint*, int> ISend = (delegate* unmanaged<nint, int, nint, int, int, nint, nint*, int>)Of(library, "MPI_Isend");

    /// <inheritdoc cref="ISend"/>
    public readonly delegate* unmanaged<nint, int, nint, int, int, nint, nint*, int> IRecv = (delegate* unmanaged<nint, int, nint, int, int, nint, nint*, int>)Of(library, "MPI_Irecv");

    private readonly delegate* unmanaged<int, byte*, int*, int> _errorString = (delegate* unmanaged<int, byte*, int*, int>)Of(library, "MPI_Error_string");
    private readonly delegate* unmanaged<byte*, int*, int> _version = (delegate* unmanaged<byte*, int*, int>)Of(library, "MPI_Get_library_version");

    /// <summary>What the library calls itself, in short: "Open MPI 4.1.4".</summary>
    public string Version
    {
        get
        {
            var text = stackalloc byte[VersionTextLength];
            var length = 0;
            return _version(text, &length) == 0 ? Shorten(Encoding.UTF8.GetString(text, Math.Clamp(length, 0, VersionTextLength)), Abi.Family) : Abi.Family;
        }
    }

    /// <summary>Throws if MPI answered with an error.</summary>
    public void Check(int error, string function)
    {
        if (error == 0)
            return;
        var text = stackalloc byte[ErrorTextLength];
        var length = 0;
        var message = _errorString(error, text, &length) == 0 ? Encoding.UTF8.GetString(text, Math.Clamp(length, 0, ErrorTextLength)).Trim() : "it does not say why";
        throw new CommunicationException($"{function} answered error {error}: {message}.");
    }

    /// <summary>The name and the number out of what may be a page.</summary>
    internal static string Shorten(string text, string family)
    {
        // "Open MPI v4.1.4, package: ..."; "MPICH Version:      4.0.2\nMPICH Release date: ..."; "Intel(R) MPI Library 2021.10 for Linux* OS".
        var line = text.Split(['\n', ',', '\0'], 2)[0].Replace("Version:", "", StringComparison.Ordinal).Replace('\t', ' ');
        var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        for (var i = 0; i < words.Length; i++)
        {
            if (words[i].Length > 1 && words[i][0] == 'v' && char.IsAsciiDigit(words[i][1]))
                words[i] = words[i][1..];
        }
        return words.Length == 0 ? family : string.Join(' ', words);
    }

    private static nint Of(nint library, string name) => NativeLibrary.TryGetExport(library, name, out var function)
        ? function
        : throw new CommunicationException($"The library of MPI lacks {name}: it must be of MPI 3 or later.");
}
