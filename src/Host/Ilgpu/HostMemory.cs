using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace GpuOptim.Host.Ilgpu;

/// <summary>Memory of the host's, page-locked for CUDA, which an accelerator copies from and to without the host waiting.</summary>
/// <remarks>
/// ILGPU's page-locked arrays belong to its accelerator for the CPU, too: to dispose of one makes that one current, and loses the CUDA context that the
/// thread had.
/// </remarks>
internal sealed unsafe class HostMemory : AcceleratorObject
{
    private nint _address;

    /// <summary>Allocates memory, in the context that is current.</summary>
    public HostMemory(Accelerator accelerator, long length)
        : base(accelerator)
    {
        Length = length;
        if (accelerator is CudaAccelerator)
            CudaException.ThrowIfFailed(CudaAPI.CurrentAPI.AllocateHostMemory(out _address, (nint)length));
        else
            _address = (nint)NativeMemory.Alloc((nuint)length);
    }

    /// <summary>Bytes.</summary>
    public long Length { get; }

    public nint Address => _address;

    public Span<byte> Span => new((void*)_address, checked((int)Length));

    /// <summary>Has a part copied to the accelerator.</summary>
    /// <param name="start">Where it begins.</param>
    /// <param name="destination">Where it goes; all of it is written.</param>
    /// <param name="stream">In which order.</param>
    public void CopyTo(int start, ArrayView<byte> destination, AcceleratorStream stream)
    {
        if (stream is CudaStream cuda)
            CudaException.ThrowIfFailed(CudaAPI.CurrentAPI.MemcpyAsync(destination.LoadEffectiveAddressAsPtr(), _address + start, (nint)destination.Length, cuda));
        else
            destination.CopyFromCPU(stream, Span.Slice(start, destination.IntLength));
    }

    /// <summary>Has what lies on the accelerator copied here.</summary>
    public void CopyFrom(ArrayView<byte> source, AcceleratorStream stream)
    {
        if (stream is CudaStream cuda)
            CudaException.ThrowIfFailed(CudaAPI.CurrentAPI.MemcpyAsync(_address, source.LoadEffectiveAddressAsPtr(), (nint)source.Length, cuda));
        else
            source.CopyToCPU(stream, Span[..source.IntLength]);
    }

    protected override void DisposeAcceleratorObject(bool disposing)
    {
        if (_address == 0)
            return;
        if (Accelerator is not CudaAccelerator)
            NativeMemory.Free((void*)_address);
        else if (CudaAPI.CurrentAPI.FreeHostMemory(_address) is var error && disposing)
            CudaException.ThrowIfFailed(error);
        _address = 0;
    }
}
