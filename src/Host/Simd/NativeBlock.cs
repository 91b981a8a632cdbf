using System.Runtime.InteropServices;

namespace GpuOptim.Host.Simd;

/// <summary>Native memory on a cache line's boundary, given back when disposed of or forgotten.</summary>
internal sealed unsafe class NativeBlock(long bytes) : IDisposable
{
    private const int Alignment = 64;

    private void* _memory = NativeMemory.AlignedAlloc(checked((nuint)bytes), Alignment);

    ~NativeBlock() => Free();

    public nint Address => (nint)_memory;

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        NativeMemory.AlignedFree(_memory);
        _memory = null;
    }
}
