using System.Runtime.InteropServices;
using ILGPU.Runtime.Cuda;

namespace GpuOptim.Host.Ilgpu;

/// <summary>What of CUDA's driver ILGPU does not offer.</summary>
internal static unsafe class CudaDriver
{
    private static readonly Lazy<nint> _library = new(() => NativeLibrary.Load(OperatingSystem.IsWindows() ? "nvcuda" : "libcuda.so.1"));

    /// <summary>Lets a kernel have more dynamic shared memory than the 48 KB that it has without asking.</summary>
    /// <exception cref="CudaException">The card has not as much.</exception>
    public static void AllowSharedMemory(CudaKernel kernel, int bytes)
    {
        const int MaxDynamicSharedSizeBytes = 8;
        var setAttribute = (delegate* unmanaged<nint, int, int, CudaError>)NativeLibrary.GetExport(_library.Value, "cuFuncSetAttribute");
        using var binding = kernel.Accelerator.BindScoped();
        CudaException.ThrowIfFailed(setAttribute(kernel.FunctionPtr, MaxDynamicSharedSizeBytes, bytes));
    }
}
