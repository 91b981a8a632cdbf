using System.Runtime.InteropServices;
using ILGPU.Runtime.Cuda;

namespace GpuOptim.Host.Ilgpu;

/// <summary>What of CUDA's driver ILGPU does not offer, or does not tell.</summary>
internal static unsafe class CudaDriver
{
    private static readonly nint _library = NativeLibrary.TryLoad(OperatingSystem.IsWindows() ? "nvcuda" : "libcuda.so.1", out var library) ? library : 0;

    /// <summary>Why the driver, which is there, has no card to work on; null if it has one, or if there is no driver.</summary>
    /// <remarks>ILGPU lists no device then, and keeps the reason to itself.</remarks>
    public static string? FindFailure()
    {
        if (_library == 0)
            return null;
        var initialize = (delegate* unmanaged<uint, CudaError>)NativeLibrary.GetExport(_library, "cuInit");
        if (initialize(0) is var error && error != CudaError.CUDA_SUCCESS)
            return $"cuInit answered {error}";
        var getCount = (delegate* unmanaged<int*, CudaError>)NativeLibrary.GetExport(_library, "cuDeviceGetCount");
        var count = 0;
        error = getCount(&count);
        return error != CudaError.CUDA_SUCCESS ? $"cuDeviceGetCount answered {error}" : count == 0 ? "the driver has no device" : null;
    }

    /// <summary>Lets a kernel have more dynamic shared memory than the 48 KB that it has without asking.</summary>
    /// <exception cref="CudaException">The card has not as much.</exception>
    public static void AllowSharedMemory(CudaKernel kernel, int bytes)
    {
        const int MaxDynamicSharedSizeBytes = 8;
        var setAttribute = (delegate* unmanaged<nint, int, int, CudaError>)NativeLibrary.GetExport(_library, "cuFuncSetAttribute");
        using var binding = kernel.Accelerator.BindScoped();
        CudaException.ThrowIfFailed(setAttribute(kernel.FunctionPtr, MaxDynamicSharedSizeBytes, bytes));
    }
}
