using System.Buffers;

namespace GpuOptim.Host.Simd;

/// <summary>Managed memory held in place until disposed of or forgotten.</summary>
internal sealed unsafe class PinnedMemory(MemoryHandle handle) : IDisposable
{
    private MemoryHandle _handle = handle;

    ~PinnedMemory() => _handle.Dispose();

    public nint Address { get; } = (nint)handle.Pointer;

    public void Dispose()
    {
        _handle.Dispose();
        GC.SuppressFinalize(this);
    }
}
