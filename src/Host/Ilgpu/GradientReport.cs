namespace GpuOptim.Host.Ilgpu;

/// <summary>Memory of the host that a check is on its way to, and the point in the stream where it is there.</summary>
/// <param name="Memory">The memory.</param>
/// <param name="Fence">The point.</param>
internal sealed record GradientReport(HostMemory Memory, IlgpuFence Fence) : IDisposable
{
    /// <summary>Whether it was sent, and not read yet.</summary>
    public bool IsInFlight { get; set; }

    public void Dispose()
    {
        Memory.Dispose();
        Fence.Dispose();
    }
}
