using System.Runtime.InteropServices;
using System.Text;
using GpuOptim.Host;

namespace GpuOptim.Distributed.Sharding;

/// <summary>Small talk between the hosts of all ranks, by way of their devices' memory.</summary>
internal sealed class Council(ICommunicator communicator) : IDisposable
{
    private DeviceBuffer<float>? _memory;

    /// <summary>What every rank says.</summary>
    /// <param name="own">What this rank says.</param>
    public byte[][] Exchange(ReadOnlySpan<byte> own)
    {
        var lengths = MemoryMarshal.Cast<byte, long>(Exchange(BitConverter.GetBytes((long)own.Length), [.. Enumerable.Repeat((long)sizeof(long), communicator.Size)])).ToArray();
        var all = Exchange(own, lengths);
        var said = new byte[communicator.Size][];
        var start = 0;
        for (var rank = 0; rank < said.Length; rank++)
        {
            said[rank] = all[start..(start + (int)lengths[rank])];
            start += (int)lengths[rank];
        }
        return said;
    }

    /// <summary>What every rank says.</summary>
    public string[] Exchange(string own) => [.. Exchange(Encoding.UTF8.GetBytes(own)).Select(Encoding.UTF8.GetString)];

    /// <summary>What every rank says, one behind the other, where it is known how long that is.</summary>
    /// <param name="own">What this rank says.</param>
    /// <param name="counts">How many bytes each says.</param>
    public byte[] Exchange(ReadOnlySpan<byte> own, long[] counts)
    {
        var all = new byte[counts.Sum()];
        Exchange(own, counts, all);
        return all;
    }

    /// <inheritdoc cref="Exchange(ReadOnlySpan{byte}, long[])"/>
    /// <param name="own">What this rank says.</param>
    /// <param name="counts">How many bytes each says.</param>
    /// <param name="all">Takes what all say.</param>
    public void Exchange(ReadOnlySpan<byte> own, long[] counts, Span<byte> all)
    {
        var start = 0L;
        for (var rank = 0; rank < communicator.Rank; rank++)
            start += counts[rank];
        if (_memory is null || _memory.SizeInBytes < all.Length)
        {
            _memory?.Dispose();
            _memory = communicator.Device.CreateBuffer<float>((all.Length + sizeof(float) - 1) / sizeof(float));
        }
        communicator.Device.CopyFromHost(own, _memory.Address + (nint)start);
        communicator.AllGather(_memory.Address + (nint)start, _memory.Address, counts, WireType.Byte).Wait();
        communicator.Device.CopyToHost(_memory.Address, all);
    }

    public void Dispose() => _memory?.Dispose();
}
