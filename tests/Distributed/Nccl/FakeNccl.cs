using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using GpuOptim.Distributed.Nccl;

namespace GpuOptim.Tests.Distributed.Nccl;

/// <summary>A stand-in for NCCL whose ranks are threads of this process. It notes what is called, and computes results on the cards' memory.</summary>
internal static unsafe class FakeNccl
{
    private static readonly ConcurrentDictionary<string, FakeWorld> _worlds = new();
    private static readonly List<FakeRank> _ranks = [];
    private static readonly nint _reason = Marshal.StringToCoTaskMemUTF8("what a fake says");
    private static readonly nint _last = Marshal.StringToCoTaskMemUTF8("the fake's last words");
    private static long _identifiers;

    [ThreadStatic]
    private static int _depth;

    [ThreadStatic]
    private static List<FakeCall>? _group;

    [ThreadStatic]
    private static nint _groupOf;

    /// <summary>Its functions.</summary>
    public static NcclFunctions Functions { get; } = new()
    {
        GetVersion = &GetVersion,
        GetUniqueId = &GetUniqueId,
        CommInitRank = &CommInitRank,
        CommDestroy = &CommDestroy,
        CommAbort = &CommAbort,
        CommGetAsyncError = &CommGetAsyncError,
        GetErrorString = &GetErrorString,
        GetLastError = &GetLastError,
        AllGather = &AllGather,
        ReduceScatter = &ReduceScatter,
        AllReduce = &AllReduce,
        Broadcast = &Broadcast,
        Reduce = &Reduce,
        Send = &Send,
        Recv = &Recv,
        GroupStart = &GroupStart,
        GroupEnd = &GroupEnd,
    };

    /// <summary>The communicator that was made last for a rank.</summary>
    public static FakeRank Last(int rank = 0)
    {
        lock (_ranks)
            return _ranks.FindLast(other => other.Number == rank)!;
    }

    /// <summary>A rank that comes, and does nothing.</summary>
    public static void Pretend(string id, int size, int rank)
    {
        nint communicator = 0;
        _ = Functions.CommInitRank(&communicator, size, NcclId.Of(Convert.FromHexString(id)), rank);
    }

    private static FakeRank Of(nint communicator)
    {
        lock (_ranks)
            return communicator > 0 && communicator <= _ranks.Count ? _ranks[(int)communicator - 1] : throw new InvalidOperationException($"There is no communicator {communicator}.");
    }

    [UnmanagedCallersOnly]
    private static int GetVersion(int* version)
    {
        *version = 23007;
        return 0;
    }

    [UnmanagedCallersOnly]
    private static int GetUniqueId(NcclId* id)
    {
        id->Bytes.Fill(0xA5);
        BitConverter.TryWriteBytes(id->Bytes[120..], Interlocked.Increment(ref _identifiers));
        return 0;
    }

    [UnmanagedCallersOnly]
    private static int CommInitRank(nint* communicator, int size, NcclId id, int rank)
    {
        var world = _worlds.GetOrAdd(Convert.ToHexString(id.Bytes), _ => new(size));
        lock (_ranks)
        {
            _ranks.Add(new(world, rank));
            *communicator = _ranks.Count;
        }
        return world.Meet() ? 0 : 6;
    }

    [UnmanagedCallersOnly]
    private static int CommDestroy(nint communicator)
    {
        Of(communicator).Ends++;
        return 0;
    }

    [UnmanagedCallersOnly]
    private static int CommAbort(nint communicator)
    {
        var rank = Of(communicator);
        rank.Ends++;
        rank.IsAborted = true;
        rank.World.Abort();
        return 0;
    }

    [UnmanagedCallersOnly]
    private static int CommGetAsyncError(nint communicator, int* error)
    {
        *error = Of(communicator).AsyncError;
        return 0;
    }

    [UnmanagedCallersOnly]
    private static byte* GetErrorString(int result) => (byte*)_reason;

    [UnmanagedCallersOnly]
    private static byte* GetLastError(nint communicator) => (byte*)_last;

    [UnmanagedCallersOnly]
    private static int AllGather(nint source, nint destination, nuint count, int type, nint communicator, nint stream) =>
        Take(communicator, new("AllGather", source, destination, (int)count, type, -1, stream));

    [UnmanagedCallersOnly]
    private static int ReduceScatter(nint source, nint destination, nuint count, int type, int operation, nint communicator, nint stream) =>
        operation != 0 ? 4 : Take(communicator, new("ReduceScatter", source, destination, (int)count, type, -1, stream));

    [UnmanagedCallersOnly]
    private static int AllReduce(nint source, nint destination, nuint count, int type, int operation, nint communicator, nint stream) =>
        operation != 0 ? 4 : Take(communicator, new("AllReduce", source, destination, (int)count, type, -1, stream));

    [UnmanagedCallersOnly]
    private static int Broadcast(nint source, nint destination, nuint count, int type, int root, nint communicator, nint stream) =>
        Take(communicator, new("Broadcast", source, destination, (int)count, type, root, stream));

    [UnmanagedCallersOnly]
    private static int Reduce(nint source, nint destination, nuint count, int type, int operation, int root, nint communicator, nint stream) =>
        operation != 0 ? 4 : Take(communicator, new("Reduce", source, destination, (int)count, type, root, stream));

    [UnmanagedCallersOnly]
    private static int Send(nint source, nuint count, int type, int peer, nint communicator, nint stream) =>
        Take(communicator, new("Send", source, 0, (int)count, type, peer, stream));

    [UnmanagedCallersOnly]
    private static int Recv(nint destination, nuint count, int type, int peer, nint communicator, nint stream) =>
        Take(communicator, new("Recv", 0, destination, (int)count, type, peer, stream));

    [UnmanagedCallersOnly]
    private static int GroupStart()
    {
        if (_depth++ == 0)
            _group = [];
        return 0;
    }

    [UnmanagedCallersOnly]
    private static int GroupEnd()
    {
        if (--_depth > 0)
            return 0;
        var (calls, communicator) = (_group!, _groupOf);
        (_group, _groupOf) = (null, 0);
        return calls.Count == 0 ? 0 : Of(communicator).Execute(calls, isGroup: true);
    }

    private static int Take(nint communicator, FakeCall call)
    {
        // What was aborted meanwhile is an invalid argument.
        if (communicator == 0)
            return 4;
        if (_depth == 0)
            return Of(communicator).Execute([call], isGroup: false);
        _groupOf = communicator;
        _group!.Add(call);
        return 0;
    }
}
