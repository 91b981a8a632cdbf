using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace GpuOptim.Host.Ilgpu;

/// <summary>An event of CUDA's, without its time. It goes with the accelerator if that goes first.</summary>
internal sealed class CudaEvent : AcceleratorObject
{
    private readonly nint _handle;

    /// <summary>Makes an event, in the context that is current.</summary>
    public CudaEvent(Accelerator accelerator)
        : base(accelerator) => CudaException.ThrowIfFailed(CudaAPI.CurrentAPI.CreateEvent(out _handle, CudaEventFlags.CU_EVENT_DISABLE_TIMING));

    public nint Handle => _handle;

    protected override void DisposeAcceleratorObject(bool disposing)
    {
        if (_handle == 0)
            return;
        var error = CudaAPI.CurrentAPI.DestroyEvent(_handle);
        if (disposing)
            CudaException.ThrowIfFailed(error);
    }
}
