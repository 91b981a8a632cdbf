using System.Runtime.InteropServices;
using GpuOptim.Host.Ilgpu;
using ILGPU.Runtime.Cuda;

namespace GpuOptim.Tests.Distributed.Nccl;

/// <summary>A rank's communicator. It carries out calls on the card's memory at once, when the stream has come to them.</summary>
internal sealed unsafe class FakeRank(FakeWorld world, int rank)
{
    private static readonly delegate* unmanaged<nint, nint, nint, CudaError> _toHost = (delegate* unmanaged<nint, nint, nint, CudaError>)NativeLibrary.GetExport(CudaDriver.Library, "cuMemcpyDtoH_v2");
    private static readonly delegate* unmanaged<nint, nint, nint, CudaError> _toDevice = (delegate* unmanaged<nint, nint, nint, CudaError>)NativeLibrary.GetExport(CudaDriver.Library, "cuMemcpyHtoD_v2");

    private static readonly delegate* unmanaged<nint, nint, nint, nint, CudaError> _copy = (delegate* unmanaged<nint, nint, nint, nint, CudaError>)NativeLibrary.GetExport(CudaDriver.Library, "cuMemcpyDtoDAsync_v2");

    public FakeWorld World => world;

    public int Number => rank;

    /// <summary>Whether calls are only noted.</summary>
    public bool OnlyNotes { get; set; }

    /// <summary>Whether calls that are only noted copy, when the stream comes to it, the own part from where they read to where they write.</summary>
    public bool EnqueuesCopies { get; set; }

    /// <summary>What calls answer.</summary>
    public int Result { get; set; }

    /// <summary>What went wrong meanwhile.</summary>
    public int AsyncError { get; set; }

    /// <summary>Aborted or destroyed, and how often.</summary>
    public int Ends { get; set; }

    public bool IsAborted { get; set; }

    /// <summary>What was called, groups in brackets.</summary>
    public List<string> Log { get; } = [];

    /// <summary>The streams that calls named.</summary>
    public HashSet<nint> Streams { get; } = [];

    /// <summary>Carries out calls of a group, or one alone. All ranks do so with the same.</summary>
    public int Execute(IReadOnlyList<FakeCall> calls, bool isGroup)
    {
        lock (Log)
            Log.Add(isGroup ? $"[{string.Join("; ", calls)}]" : calls[0].ToString());
        Streams.UnionWith(calls.Select(call => call.Stream));
        if (EnqueuesCopies)
            return (int)_copy(calls[0].Destination, calls[0].Source, calls[0].Bytes, calls[0].Stream);
        if (OnlyNotes || Result != 0)
            return Result;
        try
        {
            return Carry(calls);
        }
        catch (Exception exception)
        {
            // No exception may go through what takes this for native code.
            Console.Error.WriteLine(exception);
            return 3;
        }
    }

    private int Carry(IReadOnlyList<FakeCall> calls)
    {
        foreach (var stream in Streams)
            CudaException.ThrowIfFailed(CudaAPI.CurrentAPI.SynchronizeStream(stream));
        world.Given[rank] = [.. calls.Select(call => (call, Read(call)))];
        if (!world.Meet())
            return 6;
        foreach (var (call, index) in calls.Select((call, index) => (call, index)))
            Take(call, index);
        return world.Meet() ? 0 : 6;
    }

    private byte[] Read(FakeCall call)
    {
        var bytes = new byte[call.Source == 0 || (call.Name == "Broadcast" && call.Peer != rank) ? 0 : call.Bytes * (call.Name == "ReduceScatter" ? world.Size : 1)];
        fixed (byte* to = bytes)
        {
            if (bytes.Length > 0)
                CudaException.ThrowIfFailed(_toHost((nint)to, call.Source, bytes.Length));
        }
        return bytes;
    }

    private void Take(FakeCall call, int index)
    {
        byte[][] parts = call.Name is "Send" or "Recv" ? [] : [.. world.Given.Select(given => given[index].Bytes)];
        byte[] result = call.Name switch
        {
            "AllGather" => [.. parts.SelectMany(part => part)],
            "ReduceScatter" => FakeWorld.Sum(parts, call.Type)[(rank * call.Bytes)..((rank + 1) * call.Bytes)],
            "AllReduce" => FakeWorld.Sum(parts, call.Type),
            "Broadcast" => parts[call.Peer],
            "Reduce" => call.Peer == rank ? FakeWorld.Sum(parts, call.Type) : [],
            "Recv" => world.Given[call.Peer].Single(given => given.Call.Name == "Send" && given.Call.Peer == rank).Bytes,
            _ => [],
        };
        fixed (byte* from = result)
        {
            if (result.Length > 0)
                CudaException.ThrowIfFailed(_toDevice(call.Destination, (nint)from, result.Length));
        }
        // A copy to the device may be under way still when it returns.
        CudaException.ThrowIfFailed(CudaAPI.CurrentAPI.SynchronizeContext());
    }
}
