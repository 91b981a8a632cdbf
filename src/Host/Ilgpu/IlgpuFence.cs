using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace GpuOptim.Host.Ilgpu;

/// <summary>A point in a stream that the host can wait for. ILGPU's CPU accelerator has done its work before it says so, and needs none.</summary>
internal sealed class IlgpuFence : IDisposable
{
    private readonly CudaStream? _stream;
    private readonly nint _event;

    public IlgpuFence(AcceleratorStream stream)
    {
        _stream = stream as CudaStream;
        if (_stream is null)
            return;
        using var binding = _stream.Accelerator.BindScoped();
        CudaException.ThrowIfFailed(CudaAPI.CurrentAPI.CreateEvent(out _event, CudaEventFlags.CU_EVENT_DISABLE_TIMING));
    }

    /// <summary>Moves the point to behind all that the stream was given so far.</summary>
    public void Record()
    {
        if (_stream is null)
            return;
        using var binding = _stream.Accelerator.BindScoped();
        CudaException.ThrowIfFailed(CudaAPI.CurrentAPI.RecordEvent(_event, _stream.StreamPtr));
    }

    /// <summary>Whether the stream has passed the point.</summary>
    public bool IsPassed
    {
        get
        {
            if (_stream is null)
                return true;
            using var binding = _stream.Accelerator.BindScoped();
            var state = CudaAPI.CurrentAPI.QueryEvent(_event);
            if (state != CudaError.CUDA_ERROR_NOT_READY)
                CudaException.ThrowIfFailed(state);
            return state != CudaError.CUDA_ERROR_NOT_READY;
        }
    }

    /// <summary>Returns when the stream has passed the point.</summary>
    /// <returns>Whether it had not yet.</returns>
    public bool Wait()
    {
        if (IsPassed)
            return false;
        using var binding = _stream!.Accelerator.BindScoped();
        CudaException.ThrowIfFailed(CudaAPI.CurrentAPI.SynchronizeEvent(_event));
        return true;
    }

    public void Dispose()
    {
        if (_stream is null)
            return;
        using var binding = _stream.Accelerator.BindScoped();
        CudaException.ThrowIfFailed(CudaAPI.CurrentAPI.DestroyEvent(_event));
    }
}
