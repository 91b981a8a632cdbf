using GpuOptim.Host;

namespace GpuOptim.Distributed.Mpi;

/// <summary>Where an operation finds what it moves: on the device, or in the host's memory in its place.</summary>
internal sealed class MpiBuffer
{
    private readonly Device _device;

    /// <param name="communicator">Whose operation it is.</param>
    /// <param name="isStaged">Whether MPI must not see the device's memory.</param>
    /// <param name="bytes">How much of the host's memory that takes.</param>
    public MpiBuffer(MpiCommunicator communicator, bool isStaged, long bytes)
    {
        _device = communicator.Device;
        if (isStaged && bytes > 0)
            Block = _device.Lend(bytes);
    }

    /// <summary>Whether the host's memory is used.</summary>
    public bool IsStaged => Block is not null;

    /// <summary>The host's memory.</summary>
    public HostBlock? Block { get; }

    /// <summary>Takes what the operation reads; returns where MPI finds it.</summary>
    public nint TakeIn(nint source, long bytes)
    {
        if (Block is null)
            return source;
        Copy(source, Block.Address, bytes);
        return Block.Address;
    }

    /// <summary>Puts what this rank keeps into its place in the result, or in staging memory.</summary>
    public void TakeIn(nint source, nint destination, long start, long bytes)
    {
        if (Block is not null)
            Copy(source, Block.Address + (nint)start, bytes);
        else if (source != destination + (nint)start)
            _device.Copy(source, destination + (nint)start, bytes);
    }

    /// <summary>Has the device's memory hold what it is to hold before MPI looks there.</summary>
    public void Settle()
    {
        if (Block is null && !_device.IsHostAccessible)
            _device.Synchronize();
    }

    private void Copy(nint source, nint destination, long bytes)
    {
        try
        {
            HostCopies.ToHost(_device, source, destination, bytes);
        }
        catch
        {
            // A device waits for all that it lent.
            Block!.Dispose();
            throw;
        }
    }
}
