using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace GpuOptim.Host.Ilgpu;

/// <summary>
/// A while in which ILGPU may make accelerators and dispose of them, which makes contexts current and leaves none; afterwards the thread has the context
/// that it had.
/// </summary>
internal readonly ref struct CudaThread
{
    private readonly nint _context;
    private readonly Accelerator? _accelerator;

    private CudaThread(nint context, Accelerator? accelerator) => (_context, _accelerator) = (context, accelerator);

    /// <summary>Remembers what is current. ILGPU takes none for current, so that it puts none aside.</summary>
    public static CudaThread Keep()
    {
        ref var current = ref CudaScope.CurrentOf(null);
        var accelerator = current;
        current = null;
        return new(CudaDriver.IsThere ? CudaDriver.CurrentContext : 0, accelerator);
    }

    public void Dispose()
    {
        CudaScope.CurrentOf(null) = _accelerator is { IsDisposed: false } ? _accelerator : null;
        if (CudaDriver.IsThere && CudaDriver.CurrentContext != _context)
            // Of a context that is gone, nothing is left to restore.
            _ = CudaAPI.CurrentAPI.SetCurrentContext(_context) == CudaError.CUDA_SUCCESS || CudaAPI.CurrentAPI.SetCurrentContext(0) == CudaError.CUDA_SUCCESS;
    }
}
