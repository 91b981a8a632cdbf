using GpuOptim.Host.Ilgpu.Steps;
using GpuOptim.Kernels;
using GpuOptim.Kernels.Ilgpu;
using GpuOptim.Kernels.Ilgpu.Matrix;
using GpuOptim.Kernels.Ilgpu.Matrix.Hopper;
using GpuOptim.Kernels.Ilgpu.Matrix.Small;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using Microsoft.Extensions.Logging;

namespace GpuOptim.Host.Ilgpu;

/// <summary>A stream of an accelerator. All that the library asks of one, to launch, to copy, to wait, goes through here and is counted.</summary>
internal partial class IlgpuQueue : IDisposable
{
    private const string ResetMessage = "The device's primary context was reset, and with it went all memory that lay in it. Make the device anew.";

    private readonly AcceleratorStream _stream;
    private readonly string _device;
    private readonly ILogger? _logger;
    private readonly IlgpuKernels _kernels;
    private readonly IlgpuUploadRing _ring;
    private readonly int _groupSize;
    private readonly int _sharingGroupSize;
    private readonly int _groupRows;
    private readonly bool _hasWarpgroups;
    private readonly PrimaryAccelerator? _primary;
    private AcceleratorStream _target;
    private CudaStream? _capturing;
    private long _launches;
    private long _captures;
    private long _hostWaits;
    private long _tableBuilds;

    /// <param name="accelerator">The accelerator.</param>
    /// <param name="stream">One of its streams.</param>
    /// <param name="device">What telemetry calls the device.</param>
    /// <param name="logger">Where to say which kernels are compiled.</param>
    /// <param name="primary">What the accelerator is of, if that is a primary context.</param>
    public IlgpuQueue(Accelerator accelerator, AcceleratorStream stream, string device, ILogger? logger, PrimaryAccelerator? primary = null)
    {
        Accelerator = accelerator;
        _stream = _target = stream;
        _primary = primary;
        _device = device;
        _logger = logger;
        _hasWarpgroups = WarpgroupProduct.IsChosen && accelerator is CudaAccelerator { Architecture: var architecture } && WarpgroupProduct.RunsOn(architecture);
        _kernels = IlgpuKernels.Of(accelerator);
        _ring = new(accelerator, stream);
        _groupSize = Math.Min(UpdateKernel.GroupSize, accelerator.MaxNumThreadsPerGroup);
        // On the CPU, threads that wait for each other cost more than all their work: groups that share memory are one thread.
        var isCpu = accelerator.AcceleratorType == AcceleratorType.CPU;
        _sharingGroupSize = isCpu ? 1 : _groupSize;
        _groupRows = isCpu ? 1 : TiledProduct.MaxGroupRows;
    }

    public Accelerator Accelerator { get; }

    /// <summary>Whether bfloat16 products may run on tensor cores, which sum in their own order.</summary>
    public bool AllowsTensorCores { get; set; } = true;

    public IlgpuCounters Counters => new(
        Interlocked.Read(ref _launches), Interlocked.Read(ref _hostWaits), Interlocked.Read(ref _tableBuilds), Interlocked.Read(ref _bytesToDevice), Interlocked.Read(ref _bytesToHost))
    {
        Captures = Interlocked.Read(ref _captures),
    };

    /// <summary>Whether all that was made on the accelerator is gone, since it was disposed of, or its context reset.</summary>
    public bool IsGone => Accelerator.IsDisposed || _primary?.IsAlive() == false;

    /// <summary>Whether kernels read tables of tensors, of which they take all at once.</summary>
    public virtual bool ReadsTables => true;

    /// <summary>Threads of a group.</summary>
    protected int GroupSize => _groupSize;

    /// <summary>Whether bfloat16 products run on tensor cores.</summary>
    public bool RunsTensorCores => AllowsTensorCores && Accelerator is CudaAccelerator { Architecture: var architecture } && architecture >= CudaArchitecture.SM_80;

    /// <summary>Whether it is warpgroups that make them.</summary>
    public bool RunsWarpgroups => RunsTensorCores && _hasWarpgroups;

    /// <summary>Whether one launch orthogonalizes matrices.</summary>
    public bool OrthogonalizesAtOnce(NewtonSchulzMethod method, ElementType workType, int rows, int columns) =>
        RunsTensorCores && SmallMatrices.Takes(method, workType, rows, columns);

    /// <summary>Inner indices of a tile of theirs, to whole ones of which matrices are padded.</summary>
    public int TileDepth => RunsWarpgroups ? WarpgroupProduct.TileDepth : TensorProduct.TileDepth;

    /// <summary>A while in which the accelerator's context is current for this thread.</summary>
    /// <exception cref="CudaException">The context is gone.</exception>
    public CudaScope Enter()
    {
        if (_primary is { IsLost: true })
            throw new CudaException(ResetMessage);
        try
        {
            return CudaScope.Enter(Accelerator);
        }
        catch (CudaException failure) when (_primary?.IsAlive() == false)
        {
            throw new CudaException(ResetMessage, failure);
        }
    }

    /// <summary>Says what CUDA was asked when it told of a fault, and whose that may be.</summary>
    public CudaException Explain(CudaException failure, string call) =>
        _primary?.IsAlive() == false ? new($"CUDA answered '{failure.Message}' to {call}. {ResetMessage}", failure) : ExplainFault(failure, call);

    /// <summary>Says what CUDA was asked when it told of a fault, and that the fault may be another's.</summary>
    public static CudaException ExplainFault(CudaException failure, string call) => new(
        $"CUDA answered '{failure.Message}' to {call}. The fault may be that of an earlier kernel, the engine's or another library's: CUDA tells of it in a later call. compute-sanitizer finds which.",
        failure);

    /// <summary>Captures what is launched and copied meanwhile.</summary>
    public CudaGraph Capture(Action work)
    {
        Interlocked.Increment(ref _captures);
        _capturing ??= (CudaStream)Accelerator.CreateStream();
        _target = _capturing;
        try
        {
            return CudaGraph.Capture(_capturing, work);
        }
        finally
        {
            _target = _stream;
        }
    }

    /// <summary>Launches a graph.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="toDevice">Bytes that it copies to the device.</param>
    /// <param name="toHost">Bytes that it copies to the host.</param>
    public void Launch(CudaGraph graph, long toDevice, long toHost)
    {
        graph.Launch((CudaStream)NextLaunch());
        CountToDevice(toDevice);
        if (toHost > 0)
            CountToHost(toHost);
    }

    /// <summary>Has what the stream is given from here on wait for an event of CUDA's.</summary>
    public void WaitForEvent(nint @event)
    {
        using var scope = Enter();
        CudaException.ThrowIfFailed(CudaDriver.WaitForEvent(((CudaStream)_stream).StreamPtr, @event));
    }

    /// <summary>Has an event of CUDA's mark what the stream was given so far.</summary>
    public void RecordEvent(nint @event)
    {
        using var scope = Enter();
        CudaException.ThrowIfFailed(CudaAPI.CurrentAPI.RecordEvent(@event, ((CudaStream)_stream).StreamPtr));
    }

    /// <summary>A point in the stream to wait for.</summary>
    public IlgpuFence CreateFence() => new(_stream);

    /// <summary>Waits for a point in the stream.</summary>
    public void Wait(IlgpuFence fence)
    {
        if (fence.Wait())
            Interlocked.Increment(ref _hostWaits);
    }

    /// <summary>Zeroed memory.</summary>
    public MemoryBuffer1D<byte, Stride1D.Dense> Allocate(long bytes)
    {
        var buffer = Accelerator.Allocate1D<byte>(bytes);
        buffer.MemSetToZero(_stream);
        return buffer;
    }

    /// <summary>Zeroed memory that begins on a multiple of 256 bytes, as all does on CUDA, and what to dispose of to give it back.</summary>
    public virtual (nint Address, IDisposable Memory) AllocateAligned(long bytes)
    {
        const int Alignment = 256;
        using var scope = Enter();
        var buffer = Allocate(bytes + Alignment);
        return ((buffer.NativePtr + Alignment - 1) / Alignment * Alignment, new BoundMemory(this, buffer));
    }

    /// <summary>Where a view begins, and what to dispose of after its last use if that is not null.</summary>
    public virtual (nint Address, IDisposable? Memory) Wrap<T>(ArrayView<T> view) where T : unmanaged => (view.Cast<byte>().LoadEffectiveAddressAsPtr(), null);

    public void Synchronize()
    {
        using var scope = Enter();
        Interlocked.Increment(ref _hostWaits);
        _stream.Synchronize();
    }

    public void CountTableBuild() => Interlocked.Increment(ref _tableBuilds);

    public virtual void Dispose()
    {
        if (IsGone)
            return;
        using var scope = Enter();
        _ring.Dispose();
        _capturing?.Dispose();
    }

    /// <summary>The memory at an address, and what to dispose of after its use.</summary>
    public virtual ArrayView<byte> At(nint address, long bytes, out IDisposable? memory)
    {
        var pointer = new PointerMemory(Accelerator, address, bytes);
        memory = pointer;
        return pointer.AsRawArrayView();
    }

    /// <summary>The stream, to launch one kernel or one graph; the one that is captured, while one is.</summary>
    protected AcceleratorStream NextLaunch()
    {
        if (_target == _stream)
        {
            Interlocked.Increment(ref _launches);
            Telemetry.Launch(_device);
        }
        return _target;
    }
}
