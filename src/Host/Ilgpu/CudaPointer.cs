using ILGPU.Runtime.Cuda;

namespace GpuOptim.Host.Ilgpu;

/// <summary>Whether an address is one that an accelerator's kernels may go to.</summary>
internal static class CudaPointer
{
    /// <summary>Refuses memory that CUDA does not know, or knows as another context's or device's.</summary>
    /// <param name="accelerator">The accelerator.</param>
    /// <param name="pointer">The address.</param>
    /// <param name="isPrimary">Whether the accelerator is on its device's primary context.</param>
    /// <exception cref="ArgumentException">It is one.</exception>
    public static void ThrowIfForeign(CudaAccelerator accelerator, nint pointer, bool isPrimary)
    {
        using var scope = CudaScope.Enter(accelerator);
        const nint Host = 1;
        var known = CudaDriver.PointerAttribute(pointer, CudaPointerAttribute.MemoryType, out var type);
        if (known == CudaError.CUDA_ERROR_INVALID_VALUE)
            throw new ArgumentException($"pointer must lie in memory that CUDA knows. Actual value was 0x{pointer:x}, which it does not.", nameof(pointer));
        // Of pools and mapped ranges CUDA tells no context: they are the device's.
        if (CudaDriver.PointerAttribute(pointer, CudaPointerAttribute.DeviceOrdinal, out var device) == CudaError.CUDA_SUCCESS && type != Host && device != accelerator.DeviceId)
            throw new ArgumentException($"pointer must lie on CUDA device {accelerator.DeviceId}. Actual value was 0x{pointer:x}, on device {device}.", nameof(pointer));
        if (type != Host && CudaDriver.PointerAttribute(pointer, CudaPointerAttribute.Context, out var context) == CudaError.CUDA_SUCCESS && context != 0 && context != accelerator.NativePtr)
        {
            var hint = isPrimary ? "" : " Memory of CUDA's runtime lies in the primary context: use IlgpuDevice.OpenPrimary.";
            throw new ArgumentException($"pointer must lie in the device's CUDA context. Actual value was 0x{pointer:x}, in another.{hint}", nameof(pointer));
        }
    }
}
