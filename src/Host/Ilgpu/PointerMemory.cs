using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace GpuOptim.Host.Ilgpu;

/// <summary>Memory of an accelerator that is known by its address, or in OpenCL by its handle, and that somebody else frees.</summary>
internal sealed class PointerMemory : MemoryBuffer
{
    public PointerMemory(Accelerator accelerator, nint pointer, long bytes)
        : base(accelerator, bytes, sizeof(byte)) => NativePtr = pointer;

    protected override void MemSet(AcceleratorStream stream, byte value, in ArrayView<byte> targetView)
    {
        if (stream is CudaStream cuda)
            CudaMemoryBuffer.CudaMemSet(cuda, value, targetView);
        else if (stream is CLStream openCL)
            CLMemoryBuffer.CLMemSet(openCL, value, targetView);
        else
            CPUMemoryBuffer.CPUMemSet(targetView.LoadEffectiveAddressAsPtr(), value, 0, targetView.LengthInBytes);
    }

    protected override void CopyFrom(AcceleratorStream stream, in ArrayView<byte> sourceView, in ArrayView<byte> targetView)
    {
        if (stream is CudaStream cuda)
            CudaMemoryBuffer.CudaCopy(cuda, sourceView, targetView);
        else if (stream is CLStream openCL)
            CLMemoryBuffer.CLCopy(openCL, sourceView, targetView);
        else
            CPUMemoryBuffer.CPUCopy(stream, sourceView, targetView);
    }

    protected override void CopyTo(AcceleratorStream stream, in ArrayView<byte> sourceView, in ArrayView<byte> targetView)
    {
        if (stream is CudaStream cuda)
            CudaMemoryBuffer.CudaCopy(cuda, sourceView, targetView);
        else if (stream is CLStream openCL)
            CLMemoryBuffer.CLCopy(openCL, sourceView, targetView);
        else
            CPUMemoryBuffer.CPUCopy(stream, sourceView, targetView);
    }

    protected override void DisposeAcceleratorObject(bool disposing)
    {
    }
}
