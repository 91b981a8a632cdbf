using System.Runtime.InteropServices;

namespace GpuOptim.Distributed.Nccl;

/// <summary>NCCL's functions, found when running, as <c>nccl.h</c> of NCCL 2.7 to 2.30 declares them. Tests put others in their place.</summary>
/// <remarks>A handle is a <see cref="nint"/>, a count a <see cref="nuint"/>; types and operations are ints, see <see cref="NcclTypes"/>. All but two answer a result, 0 if all is well.</remarks>
internal sealed unsafe class NcclFunctions
{
    /// <summary>The environment variable that names the library.</summary>
    public const string Variable = "GPUOPTIM_NCCL";

    private static readonly string[] _names = ["libnccl.so.2", "libnccl.so"];
    private static readonly Lazy<NcclFunctions> _installed = new(() => Load(Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } name ? [name] : _names));

    /// <summary>Version.</summary>
    public delegate* unmanaged<int*, int> GetVersion { get; init; }

    /// <summary>Identifier.</summary>
    public delegate* unmanaged<NcclId*, int> GetUniqueId { get; init; }

    /// <summary>Communicator, ranks, identifier, rank.</summary>
    public delegate* unmanaged<nint*, int, NcclId, int, int> CommInitRank { get; init; }

    public delegate* unmanaged<nint, int> CommDestroy { get; init; }

    public delegate* unmanaged<nint, int> CommAbort { get; init; }

    /// <summary>Communicator, what went wrong since.</summary>
    public delegate* unmanaged<nint, int*, int> CommGetAsyncError { get; init; }

    /// <summary>Result; answers text.</summary>
    public delegate* unmanaged<int, byte*> GetErrorString { get; init; }

    /// <summary>Communicator; answers text. From NCCL 2.13 on.</summary>
    public delegate* unmanaged<nint, byte*> GetLastError { get; init; }

    /// <summary>Source, destination, count of a rank, type, communicator, stream.</summary>
    public delegate* unmanaged<nint, nint, nuint, int, nint, nint, int> AllGather { get; init; }

    /// <summary>Source, destination, count of a rank, type, operation, communicator, stream.</summary>
    public delegate* unmanaged<nint, nint, nuint, int, int, nint, nint, int> ReduceScatter { get; init; }

    /// <summary>Source, destination, count, type, operation, communicator, stream.</summary>
    public delegate* unmanaged<nint, nint, nuint, int, int, nint, nint, int> AllReduce { get; init; }

    /// <summary>Source, destination, count, type, root, communicator, stream.</summary>
    public delegate* unmanaged<nint, nint, nuint, int, int, nint, nint, int> Broadcast { get; init; }

    /// <summary>Source, destination, count, type, operation, root, communicator, stream.</summary>
    public delegate* unmanaged<nint, nint, nuint, int, int, int, nint, nint, int> Reduce { get; init; }

    /// <summary>Source, count, type, to whom, communicator, stream.</summary>
    public delegate* unmanaged<nint, nuint, int, int, nint, nint, int> Send { get; init; }

    /// <summary>Destination, count, type, from whom, communicator, stream.</summary>
    public delegate* unmanaged<nint, nuint, int, int, nint, nint, int> Recv { get; init; }

    public delegate* unmanaged<int> GroupStart { get; init; }

    public delegate* unmanaged<int> GroupEnd { get; init; }

    /// <summary>Those of the library that is installed.</summary>
    /// <exception cref="CommunicationException">There is none.</exception>
    public static NcclFunctions Installed => _installed.Value;

    /// <summary>Those of the first of some libraries that there is.</summary>
    /// <exception cref="CommunicationException">There is none.</exception>
    public static NcclFunctions Load(string[] names)
    {
        foreach (var name in names)
        {
            if (NativeLibrary.TryLoad(name, out var library))
                return Of(library);
        }
        throw new CommunicationException(
            $"No NCCL was found: {string.Join(", ", names)} cannot be loaded. Install it (Debian and Ubuntu: libnccl2, from NVIDIA's repository; it is in PyTorch's CUDA packages, too), "
            + $"or name its library in the environment variable {Variable}.");
    }

    /// <summary>Throws if NCCL answered with an error.</summary>
    public void Check(int result, string function, nint communicator = 0)
    {
        if (result == 0)
            return;
        var reason = Marshal.PtrToStringUTF8((nint)GetErrorString(result)) ?? "unknown";
        var more = GetLastError != null ? Marshal.PtrToStringUTF8((nint)GetLastError(communicator)) : null;
        throw new CommunicationException($"{function} answered {result}, {reason}.{(string.IsNullOrWhiteSpace(more) ? "" : $" NCCL says: {more.Trim()}.")} With NCCL_DEBUG=INFO it says more.");
    }

    private static NcclFunctions Of(nint library) => new()
    {
        GetVersion = (delegate* unmanaged<int*, int>)Of(library, "ncclGetVersion"),
        GetUniqueId = (delegate* unmanaged<NcclId*, int>)Of(library, "ncclGetUniqueId"),
        CommInitRank = (delegate* unmanaged<nint*, int, NcclId, int, int>)Of(library, "ncclCommInitRank"),
        CommDestroy = (delegate* unmanaged<nint, int>)Of(library, "ncclCommDestroy"),
        CommAbort = (delegate* unmanaged<nint, int>)Of(library, "ncclCommAbort"),
        CommGetAsyncError = (delegate* unmanaged<nint, int*, int>)Of(library, "ncclCommGetAsyncError"),
        GetErrorString = (delegate* unmanaged<int, byte*>)Of(library, "ncclGetErrorString"),
        GetLastError = NativeLibrary.TryGetExport(library, "ncclGetLastError", out var last) ? (delegate* unmanaged<nint, byte*>)last : null,
        AllGather = (delegate* unmanaged<nint, nint, nuint, int, nint, nint, int>)Of(library, "ncclAllGather"),
        ReduceScatter = (delegate* unmanaged<nint, nint, nuint, int, int, nint, nint, int>)Of(library, "ncclReduceScatter"),
        AllReduce = (delegate* unmanaged<nint, nint, nuint, int, int, nint, nint, int>)Of(library, "ncclAllReduce"),
        Broadcast = (delegate* unmanaged<nint, nint, nuint, int, int, nint, nint, int>)Of(library, "ncclBroadcast"),
        Reduce = (delegate* unmanaged<nint, nint, nuint, int, int, int, nint, nint, int>)Of(library, "ncclReduce"),
        Send = (delegate* unmanaged<nint, nuint, int, int, nint, nint, int>)Of(library, "ncclSend"),
        Recv = (delegate* unmanaged<nint, nuint, int, int, nint, nint, int>)Of(library, "ncclRecv"),
        GroupStart = (delegate* unmanaged<int>)Of(library, "ncclGroupStart"),
        GroupEnd = (delegate* unmanaged<int>)Of(library, "ncclGroupEnd"),
    };

    private static nint Of(nint library, string name) => NativeLibrary.TryGetExport(library, name, out var function)
        ? function
        : throw new CommunicationException($"The library of NCCL lacks {name}: it must be NCCL 2.7 or later.");
}
