using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace GpuOptim.Host.Ilgpu;

/// <content>Copies between the host and the accelerator.</content>
internal partial class IlgpuQueue
{
    private long _bytesToDevice;
    private long _bytesToHost;

    /// <summary>Sends what lies in the host's memory, which may change as soon as this returns; the host does not wait.</summary>
    public virtual void Upload<T>(ReadOnlySpan<T> source, ArrayView<byte> destination) where T : unmanaged
    {
        var bytes = MemoryMarshal.AsBytes(source);
        if (_ring.Upload(bytes, destination))
            Interlocked.Increment(ref _hostWaits);
        CountToDevice(bytes.Length);
    }

    /// <summary>Sends what page-locked memory holds when the accelerator comes to it.</summary>
    public void CopyToDevice(HostMemory source, ArrayView<byte> destination) => source.CopyTo(0, destination, _target);

    /// <summary>Has bytes brought to the host, which does not wait.</summary>
    public void Download(ArrayView<byte> source, HostMemory destination)
    {
        destination.CopyFrom(source, _target);
        if (_target == _stream)
            CountToHost(source.Length);
    }

    /// <summary>Memory of the host's to which the accelerator copies fastest.</summary>
    public (nint Address, IDisposable Memory) AllocateHost(long bytes)
    {
        using var scope = Enter();
        var memory = new HostMemory(Accelerator, bytes);
        return (memory.Address, new OwnedHostMemory(this, memory));
    }

    public void Clear(nint address, long bytes)
    {
        using var scope = Enter();
        var view = At(address, bytes, out var memory);
        using (memory)
            view.MemSetToZero(_stream);
    }

    public void CopyToHost(nint source, Span<byte> destination)
    {
        using var scope = Enter();
        var view = At(source, destination.Length, out var memory);
        using (memory)
            CopyToHost(view, destination);
    }

    public unsafe void CopyToHost(ArrayView<byte> source, Span<byte> destination)
    {
        Interlocked.Increment(ref _hostWaits);
        CountToHost(destination.Length);
        if (_stream is not CudaStream cuda)
        {
            source.CopyToCPU(_stream, destination);
            return;
        }
        fixed (byte* host = destination)
            Copy(cuda, (nint)host, source.LoadEffectiveAddressAsPtr(), destination.Length);
    }

    public unsafe void CopyFromHost(ReadOnlySpan<byte> source, nint destination)
    {
        using var scope = Enter();
        CountCopyFromHost(source.Length);
        if (_stream is CudaStream cuda)
        {
            fixed (byte* host = source)
                Copy(cuda, destination, (nint)host, source.Length);
            return;
        }
        var view = At(destination, source.Length, out var memory);
        using (memory)
            view.CopyFromCPU(_stream, source);
    }

    /// <summary>Copies within the accelerator's memory; the host does not wait.</summary>
    public void Copy(nint source, nint destination, long bytes)
    {
        using var scope = Enter();
        if (_stream is CudaStream cuda)
        {
            CudaException.ThrowIfFailed(CudaAPI.CurrentAPI.MemcpyAsync(destination, source, (nint)bytes, cuda));
            return;
        }
        var from = At(source, bytes, out var fromMemory);
        using (fromMemory)
        {
            var to = At(destination, bytes, out var toMemory);
            using (toMemory)
                from.CopyTo(_stream, to);
        }
    }

    /// <summary>Counts a copy from the host, for which it waits.</summary>
    protected void CountCopyFromHost(long bytes)
    {
        Interlocked.Increment(ref _hostWaits);
        CountToDevice(bytes);
    }

    /// <summary>Copies from or to the host's ordinary memory, and waits. ILGPU's copies do so in a way that leaves this thread another context.</summary>
    private static void Copy(CudaStream stream, nint destination, nint source, long bytes)
    {
        CudaException.ThrowIfFailed(CudaAPI.CurrentAPI.MemcpyAsync(destination, source, (nint)bytes, stream));
        stream.Synchronize();
    }

    private void CountToDevice(long bytes)
    {
        Interlocked.Add(ref _bytesToDevice, bytes);
        Telemetry.Copy(_device, "to device", bytes);
    }

    private void CountToHost(long bytes)
    {
        Interlocked.Add(ref _bytesToHost, bytes);
        Telemetry.Copy(_device, "to host", bytes);
    }
}
