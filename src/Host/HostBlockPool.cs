namespace GpuOptim.Host;

/// <summary>Memory of the host's that a device lends. One block is kept for the next time, since making one takes long.</summary>
/// <param name="device">Whose it is.</param>
/// <param name="allocate">Makes memory, and says what to dispose of to free it.</param>
internal sealed class HostBlockPool(Device device, Func<long, (nint Address, IDisposable Memory)> allocate)
{
    private readonly object _gate = new();
    private HostBlock? _kept;
    private int _lent;

    /// <summary>Lends memory.</summary>
    /// <param name="bytes">How much there must be at least.</param>
    public HostBlock Lend(long bytes)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(device.IsDisposed, device);
            var block = _kept;
            _kept = null;
            if (block is null || block.Length < bytes)
            {
                block?.Free();
                var (address, memory) = allocate(bytes);
                block = new(this, address, bytes, memory);
            }
            _lent++;
            return block;
        }
    }

    /// <summary>Takes back what it lent.</summary>
    public void TakeBack(HostBlock block)
    {
        lock (_gate)
        {
            var (kept, spare) = _kept?.Length >= block.Length ? (_kept, block) : (block, _kept);
            _kept = kept;
            spare?.Free();
            _lent--;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Waits until all is back, and frees it. The device has been disposed of before.</summary>
    public void Close()
    {
        lock (_gate)
        {
            while (_lent > 0)
                Monitor.Wait(_gate);
            _kept?.Free();
            _kept = null;
        }
    }
}
