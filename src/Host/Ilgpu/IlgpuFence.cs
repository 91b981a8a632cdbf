using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace GpuOptim.Host.Ilgpu;

/// <summary>
/// A point in a stream that the host can wait for; the accelerator's context must be current. ILGPU's CPU accelerator has done its work before it says so,
/// and needs none.
/// </summary>
internal sealed class IlgpuFence : IDisposable
{
    private readonly CudaStream? _stream;
    private readonly CudaEvent? _event;

    public IlgpuFence(AcceleratorStream stream)
    {
        _stream = stream as CudaStream;
        if (_stream is not null)
            _event = new(_stream.Accelerator);
    }

    /// <summary>Moves the point to behind all that the stream was given so far.</summary>
    public void Record()
    {
        if (_event is not null)
            CudaException.ThrowIfFailed(CudaAPI.CurrentAPI.RecordEvent(_event.Handle, _stream!.StreamPtr));
    }

    /// <summary>Whether the stream has passed the point.</summary>
    public bool IsPassed
    {
        get
        {
            if (_event is null)
                return true;
            var state = CudaAPI.CurrentAPI.QueryEvent(_event.Handle);
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
        CudaException.ThrowIfFailed(CudaAPI.CurrentAPI.SynchronizeEvent(_event!.Handle));
        return true;
    }

    public void Dispose() => _event?.Dispose();
}
