namespace GpuOptim.Host;

/// <summary>Memory of the host's that a device lent; it goes back when it is disposed of.</summary>
/// <param name="pool">Who lent it.</param>
/// <param name="address">Where it begins.</param>
/// <param name="length">How many bytes it has.</param>
/// <param name="memory">What to dispose of to free it.</param>
internal sealed class HostBlock(HostBlockPool pool, nint address, long length, IDisposable memory) : IDisposable
{
    public nint Address => address;

    public long Length => length;

    public void Free() => memory.Dispose();

    public void Dispose() => pool.TakeBack(this);
}
