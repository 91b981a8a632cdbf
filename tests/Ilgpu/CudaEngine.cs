using System.Runtime.InteropServices;
using GpuOptim.Host.Ilgpu;
using ILGPU.Runtime.Cuda;

namespace GpuOptim.Tests.Ilgpu;

/// <summary>An engine that knows nothing of ILGPU, and works in the primary context of a device, as code on CUDA's runtime does.</summary>
internal sealed unsafe class CudaEngine : IDisposable
{
    private readonly List<nint> _memory = [];
    private readonly List<nint> _streams = [];
    private readonly List<nint> _events = [];
    private readonly int _device;
    private bool _isReset;

    public CudaEngine(int device = 0)
    {
        _device = device;
        Check(CudaDriver.RetainPrimary(device, out var context));
        Context = context;
    }

    public nint Context { get; }

    /// <summary>As <c>cudaSetDevice</c>.</summary>
    public void MakeCurrent() => Check(CudaAPI.CurrentAPI.SetCurrentContext(Context));

    /// <summary>As <c>cudaMalloc</c>, with numbers.</summary>
    public nint Allocate(ReadOnlySpan<float> numbers)
    {
        using var scope = new Scope(Context);
        Check(CudaAPI.CurrentAPI.AllocateMemory(out var pointer, numbers.Length * sizeof(float)));
        _memory.Add(pointer);
        fixed (float* source = numbers)
            Check(Function<nint, nint, nint>("cuMemcpyHtoD_v2")(pointer, (nint)source, numbers.Length * sizeof(float)));
        // The copy may be under way still, and streams need not wait for it.
        Check(CudaAPI.CurrentAPI.SynchronizeContext());
        return pointer;
    }

    /// <summary>Reads numbers once a stream has done its work.</summary>
    public float[] Read(nint pointer, int length, nint stream)
    {
        using var scope = new Scope(Context);
        Check(CudaAPI.CurrentAPI.SynchronizeStream(stream));
        var numbers = new float[length];
        fixed (float* destination = numbers)
            Check(Function<nint, nint, nint>("cuMemcpyDtoH_v2")((nint)destination, pointer, length * sizeof(float)));
        return numbers;
    }

    /// <summary>Enqueues a copy within the device.</summary>
    public void Copy(nint destination, nint source, int length, nint stream)
    {
        using var scope = new Scope(Context);
        Check(Function<nint, nint, nint, nint>("cuMemcpyDtoDAsync_v2")(destination, source, length * sizeof(float), stream));
    }

    public nint CreateStream()
    {
        const nint NonBlocking = 1;
        using var scope = new Scope(Context);
        nint stream;
        Check(Function<nint, nint>("cuStreamCreate")((nint)(&stream), NonBlocking));
        _streams.Add(stream);
        return stream;
    }

    public nint CreateEvent()
    {
        using var scope = new Scope(Context);
        Check(CudaAPI.CurrentAPI.CreateEvent(out var @event, CudaEventFlags.CU_EVENT_DISABLE_TIMING));
        _events.Add(@event);
        return @event;
    }

    public void Record(nint @event, nint stream)
    {
        using var scope = new Scope(Context);
        Check(CudaAPI.CurrentAPI.RecordEvent(@event, stream));
    }

    public void Wait(nint stream, nint @event)
    {
        using var scope = new Scope(Context);
        Check(CudaDriver.WaitForEvent(stream, @event));
    }

    /// <summary>As <c>cudaDeviceReset</c>.</summary>
    public void Reset()
    {
        _memory.Clear();
        _streams.Clear();
        _events.Clear();
        Check(Function<nint>("cuDevicePrimaryCtxReset_v2")(_device));
        _isReset = true;
    }

    public void Dispose()
    {
        // Of a context that was reset nothing is left but to release it.
        if (!_isReset)
        {
            using var scope = new Scope(Context);
            _events.ForEach(each => Check(CudaAPI.CurrentAPI.DestroyEvent(each)));
            _streams.ForEach(each => Check(CudaAPI.CurrentAPI.DestroyStream(each)));
            _memory.ForEach(each => Check(CudaAPI.CurrentAPI.FreeMemory(each)));
        }
        Check(CudaDriver.ReleasePrimary(_device));
    }

    private static void Check(CudaError error) => CudaException.ThrowIfFailed(error);

    private static delegate* unmanaged<T, CudaError> Function<T>(string name) => (delegate* unmanaged<T, CudaError>)NativeLibrary.GetExport(CudaDriver.Library, name);

    private static delegate* unmanaged<T, U, CudaError> Function<T, U>(string name) => (delegate* unmanaged<T, U, CudaError>)NativeLibrary.GetExport(CudaDriver.Library, name);

    private static delegate* unmanaged<T, U, V, CudaError> Function<T, U, V>(string name) => (delegate* unmanaged<T, U, V, CudaError>)NativeLibrary.GetExport(CudaDriver.Library, name);

    private static delegate* unmanaged<T, U, V, W, CudaError> Function<T, U, V, W>(string name) =>
        (delegate* unmanaged<T, U, V, W, CudaError>)NativeLibrary.GetExport(CudaDriver.Library, name);

    private readonly ref struct Scope
    {
        private readonly nint _context;

        public Scope(nint context)
        {
            _context = context;
            Check(CudaDriver.PushContext(context));
        }

        public void Dispose()
        {
            if (_context != 0)
                CudaDriver.PopContext();
        }
    }
}
