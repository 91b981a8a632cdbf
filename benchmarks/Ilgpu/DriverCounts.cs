using System.Runtime.InteropServices;
using System.Text;
using GpuOptim.Host.Ilgpu;
using ILGPU.Runtime.Cuda;

namespace GpuOptim.Benchmarks.Ilgpu;

/// <summary>How often which function of CUDA's driver was called: a virtual card counts, a real one does not.</summary>
internal static unsafe class DriverCounts
{
    private static readonly string[] _names =
    [
        "cuLaunchKernel", "cuGraphLaunch", "cuMemcpyAsync", "cuEventRecord", "cuEventQuery", "cuEventSynchronize", "cuStreamSynchronize", "cuCtxGetCurrent", "cuCtxPushCurrent_v2",
        "cuCtxPopCurrent_v2", "cuCtxSetCurrent", "cuStreamBeginCapture_v2", "cuStreamEndCapture", "cuGraphInstantiateWithFlags", "cuMemAlloc_v2", "cuMemFree_v2", "cuMemAllocHost_v2", "cuMemsetD8Async",
    ];

    /// <summary>Whether there are counts.</summary>
    public static bool AreThere => NativeLibrary.TryGetExport(CudaDriver.Library, "vcCallCount", out _);

    /// <summary>Has ILGPU, and the library with it, take a library for CUDA's driver; before either has looked for one.</summary>
    public static void Use(string path)
    {
        var library = NativeLibrary.Load(Path.GetFullPath(path));
        NativeLibrary.SetDllImportResolver(typeof(CudaDevice).Assembly, (name, _, _) => name is "cuda" or "nvcuda" ? library : 0);
        CudaDriver.Use(library);
    }

    /// <summary>All so far; and at last their sum, with those that have no name here.</summary>
    public static IReadOnlyList<(string Name, long Count)> Read()
    {
        var count = (delegate* unmanaged<byte*, long>)NativeLibrary.GetExport(CudaDriver.Library, "vcCallCount");
        var counters = (delegate* unmanaged<long*, int, int>)NativeLibrary.GetExport(CudaDriver.Library, "vcCounters");
        long calls;
        _ = counters(&calls, 1);
        return [.. _names.Select(name => (name, Of(name))), ("all", calls)];

        long Of(string name)
        {
            fixed (byte* text = Encoding.UTF8.GetBytes(name + '\0'))
                return count(text);
        }
    }
}
