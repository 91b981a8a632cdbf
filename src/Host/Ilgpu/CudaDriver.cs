using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ILGPU.Runtime.Cuda;

namespace GpuOptim.Host.Ilgpu;

/// <summary>What of CUDA's driver ILGPU does not offer, or does not tell: the one place that names functions of its library.</summary>
/// <remarks>A function that the library lacks answers that it is not supported.</remarks>
internal static unsafe class CudaDriver
{
    private static Functions _functions = new(Find());

    /// <summary>The library; 0 if there is none.</summary>
    public static nint Library => _functions.Library;

    /// <summary>Whether there is a driver.</summary>
    public static bool IsThere => Library != 0;

    /// <summary>Whether the driver knows all that steps as graphs need: from CUDA 11.4 on.</summary>
    public static bool HasGraphs => IsThere && NativeLibrary.TryGetExport(Library, "cuGraphInstantiateWithFlags", out _);

    /// <summary>Takes another library for the driver's: the one that ILGPU was given in its place.</summary>
    public static void Use(nint library) => _functions = new(library);

    /// <summary>Why the driver, which is there, has no card to work on; null if it has one, or if there is no driver.</summary>
    /// <remarks>ILGPU lists no device then, and keeps the reason to itself.</remarks>
    public static string? FindFailure()
    {
        if (!IsThere)
            return null;
        if (_functions.Initialize(0) is var error && error != CudaError.CUDA_SUCCESS)
            return $"cuInit answered {error}";
        error = CountDevices(out var count);
        return error != CudaError.CUDA_SUCCESS ? $"cuDeviceGetCount answered {error}" : count == 0 ? "the driver has no device" : null;
    }

    /// <summary>How many devices there are; the driver must have been initialized, as ILGPU does when it looks for some.</summary>
    public static CudaError CountDevices(out int count)
    {
        fixed (int* result = &count)
            return _functions.DeviceGetCount(result);
    }

    /// <summary>Lets a kernel have more dynamic shared memory than the 48 KB that it has without asking.</summary>
    /// <exception cref="CudaException">The card has not as much.</exception>
    public static void AllowSharedMemory(CudaKernel kernel, int bytes)
    {
        const int MaxDynamicSharedSizeBytes = 8;
        using var binding = CudaScope.Enter(kernel.Accelerator);
        CudaException.ThrowIfFailed(_functions.FuncSetAttribute(kernel.FunctionPtr, MaxDynamicSharedSizeBytes, bytes));
    }

    /// <summary>The context that is current for this thread; 0 if there is none, or no driver.</summary>
    public static nint CurrentContext
    {
        get
        {
            nint context = 0;
            return _functions.CtxGetCurrent(&context) == CudaError.CUDA_SUCCESS ? context : 0;
        }
    }

    /// <summary>Makes a context current for this thread, on top of the one that is.</summary>
    public static CudaError PushContext(nint context) => _functions.CtxPushCurrent(context);

    /// <summary>Makes the context current again that was before the last one was pushed.</summary>
    public static CudaError PopContext()
    {
        nint context = 0;
        return _functions.CtxPopCurrent(&context);
    }

    /// <summary>The primary context of a device, which stays until it is released as often.</summary>
    public static CudaError RetainPrimary(int device, out nint context)
    {
        fixed (nint* result = &context)
            return _functions.PrimaryRetain(result, device);
    }

    public static CudaError ReleasePrimary(int device) => _functions.PrimaryRelease(device);

    /// <summary>Whether the primary context of a device is there.</summary>
    public static bool IsPrimaryActive(int device)
    {
        uint flags = 0;
        var active = 0;
        return _functions.PrimaryGetState(device, &flags, &active) == CudaError.CUDA_SUCCESS && active != 0;
    }

    /// <summary>A number that no other context has, not even one that comes to lie in the same place; 0 if the driver, older than CUDA 12, knows none.</summary>
    public static ulong IdOf(nint context)
    {
        ulong id = 0;
        return _functions.CtxGetId(context, &id) == CudaError.CUDA_SUCCESS ? id : 0;
    }

    /// <summary>The context of a stream; that of the default stream is the current one.</summary>
    public static CudaError ContextOf(nint stream, out nint context)
    {
        fixed (nint* result = &context)
            return _functions.StreamGetCtx(stream, result);
    }

    /// <summary>What the driver knows of an address; it refuses those that are none of its memory.</summary>
    public static CudaError PointerAttribute(nint pointer, CudaPointerAttribute attribute, out nint value)
    {
        nint found = 0;
        var error = _functions.PointerGetAttribute(&found, (int)attribute, pointer);
        // All but contexts are 32-bit numbers.
        value = attribute == CudaPointerAttribute.Context ? found : (int)found;
        return error;
    }

    /// <summary>Has what a stream is given from here on wait for what an event marks.</summary>
    public static CudaError WaitForEvent(nint stream, nint @event) => _functions.StreamWaitEvent(stream, @event, 0);

    /// <summary>Has what this thread gives a stream become a graph, instead of being done.</summary>
    public static CudaError BeginCapture(nint stream)
    {
        // Of this thread only what would spoil the capture is refused; other threads, the engine's, go on as they like.
        const int ThreadLocal = 1;
        return _functions.StreamBeginCapture(stream, ThreadLocal);
    }

    /// <summary>Ends a capture; the graph is 0 if it was spoilt.</summary>
    public static CudaError EndCapture(nint stream, out nint graph)
    {
        fixed (nint* result = &graph)
            return _functions.StreamEndCapture(stream, result);
    }

    /// <summary>Makes of a graph what can be launched.</summary>
    public static CudaError Instantiate(nint graph, out nint executable)
    {
        fixed (nint* result = &executable)
            return _functions.GraphInstantiate(result, graph, 0);
    }

    public static CudaError Launch(nint executable, nint stream) => _functions.GraphLaunch(executable, stream);

    public static CudaError DestroyGraph(nint graph) => _functions.GraphDestroy(graph);

    public static CudaError DestroyExecutable(nint executable) => _functions.GraphExecDestroy(executable);

    /// <summary>The library that ILGPU has loaded, wherever it was told to find it; else the one that it would load.</summary>
    private static nint Find()
    {
        using var process = Process.GetCurrentProcess();
        foreach (ProcessModule module in process.Modules)
        {
            if ((module.ModuleName.StartsWith("libcuda.", StringComparison.Ordinal) || module.ModuleName.Equals("nvcuda.dll", StringComparison.OrdinalIgnoreCase)) && NativeLibrary.TryLoad(module.FileName, out var loaded))
                return loaded;
        }
        var name = OperatingSystem.IsWindows() ? "nvcuda" : "cuda";
        return NativeLibrary.TryLoad(name, typeof(CudaAccelerator).Assembly, null, out var library) || NativeLibrary.TryLoad("libcuda.so.1", out library) ? library : 0;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static CudaError Missing() => CudaError.CUDA_ERROR_NOT_SUPPORTED;

    private sealed class Functions(nint library)
    {
        public readonly nint Library = library;
        public readonly delegate* unmanaged<uint, CudaError> Initialize = (delegate* unmanaged<uint, CudaError>)Of(library, "cuInit");
        public readonly delegate* unmanaged<int*, CudaError> DeviceGetCount = (delegate* unmanaged<int*, CudaError>)Of(library, "cuDeviceGetCount");
        public readonly delegate* unmanaged<nint, int, int, CudaError> FuncSetAttribute = (delegate* unmanaged<nint, int, int, CudaError>)Of(library, "cuFuncSetAttribute");
        public readonly delegate* unmanaged<nint*, CudaError> CtxGetCurrent = (delegate* unmanaged<nint*, CudaError>)Of(library, "cuCtxGetCurrent");
        public readonly delegate* unmanaged<nint, CudaError> CtxPushCurrent = (delegate* unmanaged<nint, CudaError>)Of(library, "cuCtxPushCurrent_v2");
        public readonly delegate* unmanaged<nint*, CudaError> CtxPopCurrent = (delegate* unmanaged<nint*, CudaError>)Of(library, "cuCtxPopCurrent_v2");
        public readonly delegate* unmanaged<nint, ulong*, CudaError> CtxGetId = (delegate* unmanaged<nint, ulong*, CudaError>)Of(library, "cuCtxGetId");
        public readonly delegate* unmanaged<nint*, int, CudaError> PrimaryRetain = (delegate* unmanaged<nint*, int, CudaError>)Of(library, "cuDevicePrimaryCtxRetain");
        public readonly delegate* unmanaged<int, CudaError> PrimaryRelease = (delegate* unmanaged<int, CudaError>)Of(library, "cuDevicePrimaryCtxRelease_v2");
        public readonly delegate* unmanaged<int, uint*, int*, CudaError> PrimaryGetState = (delegate* unmanaged<int, uint*, int*, CudaError>)Of(library, "cuDevicePrimaryCtxGetState");
        public readonly delegate* unmanaged<nint*, int, nint, CudaError> PointerGetAttribute = (delegate* unmanaged<nint*, int, nint, CudaError>)Of(library, "cuPointerGetAttribute");
        public readonly delegate* unmanaged<nint, nint*, CudaError> StreamGetCtx = (delegate* unmanaged<nint, nint*, CudaError>)Of(library, "cuStreamGetCtx");
        public readonly delegate* unmanaged<nint, nint, uint, CudaError> StreamWaitEvent = (delegate* unmanaged<nint, nint, uint, CudaError>)Of(library, "cuStreamWaitEvent");
        public readonly delegate* unmanaged<nint, int, CudaError> StreamBeginCapture = (delegate* unmanaged<nint, int, CudaError>)Of(library, "cuStreamBeginCapture_v2");
        public readonly delegate* unmanaged<nint, nint*, CudaError> StreamEndCapture = (delegate* unmanaged<nint, nint*, CudaError>)Of(library, "cuStreamEndCapture");
        public readonly delegate* unmanaged<nint*, nint, ulong, CudaError> GraphInstantiate = (delegate* unmanaged<nint*, nint, ulong, CudaError>)Of(library, "cuGraphInstantiateWithFlags");
        public readonly delegate* unmanaged<nint, nint, CudaError> GraphLaunch = (delegate* unmanaged<nint, nint, CudaError>)Of(library, "cuGraphLaunch");
        public readonly delegate* unmanaged<nint, CudaError> GraphDestroy = (delegate* unmanaged<nint, CudaError>)Of(library, "cuGraphDestroy");
        public readonly delegate* unmanaged<nint, CudaError> GraphExecDestroy = (delegate* unmanaged<nint, CudaError>)Of(library, "cuGraphExecDestroy");

        private static nint Of(nint library, string name) =>
            library != 0 && NativeLibrary.TryGetExport(library, name, out var function) ? function : (nint)(delegate* unmanaged[Cdecl]<CudaError>)&Missing;
    }
}
