namespace GpuOptim.Host.Ilgpu;

/// <summary>Memory of the host's that any thread may give back.</summary>
internal sealed class OwnedHostMemory(IlgpuQueue queue, HostMemory memory) : IDisposable
{
    public void Dispose()
    {
        using var scope = queue.Enter();
        memory.Dispose();
    }
}
