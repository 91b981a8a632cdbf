using System.Runtime.InteropServices;

namespace GpuOptim.Kernels.Simd;

/// <summary>Native memory on a cache line's boundary, or in large pages where that is worth it; given back when disposed of or forgotten.</summary>
internal sealed unsafe partial class NativeBlock(long bytes) : IDisposable
{
    private const int Alignment = 64;

    /// <summary>A large page of most processors. A step goes through much memory and looks up each page of it: the fewer, the better.</summary>
    private const int LargePage = 2 << 20;

    private void* _memory = Allocate(checked((nuint)bytes));

    ~NativeBlock() => Free();

    public nint Address => (nint)_memory;

    public long Bytes { get; } = bytes;

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private static void* Allocate(nuint bytes)
    {
        if (bytes < 2 * LargePage || !OperatingSystem.IsLinux())
            return NativeMemory.AlignedAlloc(bytes, Alignment);
        // Linux must be asked for large pages, and may not have them.
        const int MADV_HUGEPAGE = 14;
        var memory = NativeMemory.AlignedAlloc(bytes, LargePage);
        try
        {
            _ = Advise(memory, bytes, MADV_HUGEPAGE);
        }
        catch (Exception missing) when (missing is DllNotFoundException or EntryPointNotFoundException)
        {
            // It is only advice.
        }
        return memory;
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* address, nuint bytes, int advice);

    private void Free()
    {
        NativeMemory.AlignedFree(_memory);
        _memory = null;
    }
}
