using System.Diagnostics.CodeAnalysis;
using GpuOptim.Host.Ilgpu.OpenCL;
using GpuOptim.Kernels;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;
using Microsoft.Extensions.Logging;

namespace GpuOptim.Host.Ilgpu;

/// <summary>An ILGPU accelerator, of CUDA, OpenCL or ILGPU's own for the CPU: the engine's, with its stream, or one of our own.</summary>
/// <remarks>
/// What an engine enqueues on the stream runs in order with what optimizers do. Each call leaves the calling thread the CUDA context that
/// it had. Kernels are compiled when they are first needed. OpenCL is unverified on cards, and launches a kernel for each tensor where the
/// others launch one for all.
/// </remarks>
[RequiresDynamicCode("ILGPU compiles kernels at run time. SimdDevice does without.")]
public sealed partial class IlgpuDevice : Device
{
    internal const string CpuName = "ilgpu-cpu";
    internal const string CudaName = "cuda";
    internal const string OpenCLName = "opencl";
    internal const string AnyName = "ilgpu";

    private static readonly Lazy<DeviceInfo[]> _cuda = new(() => [.. CudaDevice.GetDevices(_ => true).Select((card, index) => new DeviceInfo(NameOfCuda(index), card.Name))]);
    private static readonly Lazy<string?> _cudaFailure = new(() => CudaDescription is null ? CudaDriver.FindFailure() : null);
    private static readonly Lazy<string?> _openCL = new(() => CLDevice.GetDevices(device => OpenCLQueue.Missing(device) is null) is [var first, ..] ? DescribeOpenCL(first) : null);

    private readonly Lock _gate = new();
    private readonly IlgpuQueue _queue;
    private readonly PrimaryAccelerator? _primary;
    private readonly IDisposable[] _owned;

    /// <summary>Works on an accelerator of the engine's, which stays the engine's.</summary>
    /// <param name="accelerator">The accelerator; may have been made at any time before.</param>
    /// <param name="stream">The stream to work on; the accelerator's default stream if null.</param>
    /// <param name="loggerFactory">Makes the logger, category <c>GpuOptim</c>, of kernels that are compiled and steps that are skipped.</param>
    /// <exception cref="NotSupportedException">The accelerator is OpenCL's and lacks what kernels need: double precision, groups of 256 threads.</exception>
    public IlgpuDevice(Accelerator accelerator, AcceleratorStream? stream = null, ILoggerFactory? loggerFactory = null)
        : this(accelerator ?? throw new ArgumentNullException(nameof(accelerator)), stream, new() { LoggerFactory = loggerFactory }, [])
    {
    }

    private IlgpuDevice(Accelerator accelerator, AcceleratorStream? stream, IlgpuDeviceOptions options, IDisposable[] owned, PrimaryAccelerator? primary = null)
    {
        Accelerator = accelerator;
        _owned = owned;
        _primary = primary;
        Logger = options.LoggerFactory?.CreateLogger(Telemetry.MeterName);
        stream ??= accelerator.DefaultStream;
        _queue = accelerator is CLAccelerator openCL ? new OpenCLQueue(openCL, stream, Name, Logger) : new IlgpuQueue(accelerator, stream, Name, Logger, primary);
        (UseTensorCores, UseGraphs) = (options.UseTensorCores, options.UseGraphs);
    }

    /// <inheritdoc/>
    public override string Name => Accelerator switch
    {
        CPUAccelerator => CpuName,
        CLAccelerator => OpenCLName,
        _ => NameOfCuda(((CudaAccelerator)Accelerator).DeviceId),
    };

    /// <inheritdoc/>
    public override string Description => Accelerator switch
    {
        CPUAccelerator => CpuDescription,
        CLAccelerator openCL => DescribeOpenCL(openCL.Device),
        _ => Accelerator.Name,
    };

    /// <inheritdoc/>
    public override bool IsHostAccessible => false;

    /// <summary>The accelerator.</summary>
    public Accelerator Accelerator { get; }

    /// <summary>Whether products of bfloat16 and float16 matrices run on tensor cores where there are any, from sm_80 on: true unless set.</summary>
    /// <remarks>
    /// Tensor cores sum in an order of their own. Without them, CUDA computes the bits of the <see cref="SimdDevice"/>, and slower. With the environment variable
    /// <c>GPUOPTIM_WGMMA</c> = 1 an H100 or H200 takes its <c>wgmma</c>, which no card has run yet.
    /// </remarks>
    public bool UseTensorCores
    {
        get => _queue.AllowsTensorCores;
        init => _queue.AllowsTensorCores = value;
    }

    /// <summary>
    /// Whether a step that launches what the one before launched is a graph of CUDA's, captured once: then the host asks for one launch, whatever the
    /// number of kernels and tensors; a step of one kernel stays as it is. False unless set. On other accelerators than CUDA's nothing changes.
    /// </summary>
    /// <remarks>
    /// Same bits: the graph is the same calls. Rates, bias corrections, gradients' places, loss scale and clipping change from step to step without another
    /// capture; parameters, groups, kinds of rules bring one with the second step after. A graph is kept for each step that is under way at once.
    /// It has not run on a card yet.
    /// </remarks>
    /// <exception cref="NotSupportedException">The driver is older than CUDA 11.4.</exception>
    public bool UseGraphs
    {
        get;
        init => field = !value || Accelerator is not CudaAccelerator || CudaDriver.HasGraphs
            ? value
            : throw new NotSupportedException("UseGraphs must be false where the CUDA driver is older than 11.4. Actual value was True.");
    }

    /// <remarks>An H100 multiplies 8 times as fast on tensor cores as our kernel does elsewhere, or more.</remarks>
    internal override double SpeedOf(ElementType type) => type.Size() == 2 && _queue.RunsTensorCores ? 8 : 1;

    internal override bool OrthogonalizesAtOnce(NewtonSchulzMethod method, ElementType workType, int rows, int columns) => _queue.OrthogonalizesAtOnce(method, workType, rows, columns);

    /// <remarks>A kernel of OpenCL's reaches only what it is given, and there is no list of those that encoded numbers take.</remarks>
    internal override bool SupportsEncodings => Accelerator is not CLAccelerator;

    internal override bool SupportsMeasures => Accelerator is not CLAccelerator;

    internal override long DirectionsAtOnce => 1 << 24;

    /// <summary>What was asked of the accelerator so far.</summary>
    public IlgpuCounters Counters => _queue.Counters;

    /// <summary>
    /// How many checks on gradients are left on their way unless a step must have them: 0, but for tests of what a card does that is far behind.
    /// </summary>
    internal int CheckLag { get; init; }

    internal static string CpuDescription => "ILGPU's CPU accelerator: for tests, slow";

    /// <summary>A buffer over memory of the engine's on the same accelerator, which must stay valid while the buffer is used.</summary>
    /// <typeparam name="T"><see cref="float"/>, <see cref="BFloat16"/> or <see cref="System.Half"/>.</typeparam>
    /// <param name="view">The memory; buffers of ILGPU convert to it. Updates are fastest where it begins on a multiple of 16 bytes.</param>
    /// <exception cref="ArgumentException">The memory is empty or another accelerator's.</exception>
    /// <exception cref="ObjectDisposedException">The device was disposed of.</exception>
    public DeviceBuffer<T> Wrap<T>(ArrayView<T> view) where T : unmanaged
    {
        if (!view.IsValid || view.Length == 0)
            throw new ArgumentException($"view must hold at least one element. Actual length was {(view.IsValid ? view.Length : 0)}.", nameof(view));
        if (view.GetAccelerator() != Accelerator)
            throw new ArgumentException($"view must lie on the device's accelerator, '{Accelerator.Name}'. Actual accelerator was '{view.GetAccelerator().Name}'.", nameof(view));
        return Register(() =>
        {
            var (address, memory) = _queue.Wrap(view);
            return new DeviceBuffer<T>(this, address, view.Length, memory);
        });
    }

    /// <summary>A buffer over memory of the same accelerator that the engine knows by its address, which must stay valid while the buffer is used.</summary>
    /// <typeparam name="T"><see cref="float"/>, <see cref="BFloat16"/> or <see cref="System.Half"/>.</typeparam>
    /// <param name="pointer">Where the first element is: an address on the accelerator, a multiple of the element's size. Updates are fastest at multiples of 16.</param>
    /// <param name="length">How many elements there are; at least 1.</param>
    /// <exception cref="NotSupportedException">The accelerator is OpenCL's, whose memory has no addresses.</exception>
    /// <exception cref="ArgumentException">The pointer is null or misaligned, or CUDA knows it as memory of another context or device, or not at all.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="length"/> is less than 1.</exception>
    /// <exception cref="ObjectDisposedException">The device was disposed of.</exception>
    public DeviceBuffer<T> Wrap<T>(nint pointer, long length) where T : unmanaged
    {
        ThrowIfForeign(pointer, length, ElementTypes.Of<T>());
        return Register(() => new DeviceBuffer<T>(this, pointer, length, memory: null));
    }

    internal override void ThrowIfForeign(nint pointer, long length, ElementType elementType)
    {
        if (Accelerator is CLAccelerator)
            throw new NotSupportedException("Memory of OpenCL has no addresses. Wrap a view of it.");
        if (pointer == 0 || pointer % elementType.Size() != 0)
            throw new ArgumentException($"pointer must be a multiple of {elementType.Size()} and not null. Actual value was 0x{pointer:x}.", nameof(pointer));
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        if (Accelerator is CudaAccelerator cuda)
            CudaPointer.ThrowIfForeign(cuda, pointer, isPrimary: _primary is not null);
    }

    /// <inheritdoc/>
    public override void Synchronize()
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        try
        {
            _queue.Synchronize();
        }
        catch (CudaException failure)
        {
            throw _queue.Explain(failure, "waiting for the device");
        }
    }

    /// <summary>Has what the device is given from here on, steps above all, wait for an event of CUDA's; the host does not wait.</summary>
    /// <param name="event">The event's handle, a <c>CUevent</c> or <c>cudaEvent_t</c>, of the same device or another; it was recorded, or nothing waits.</param>
    /// <exception cref="ArgumentException">The handle is 0.</exception>
    /// <exception cref="NotSupportedException">The accelerator is not CUDA's.</exception>
    /// <exception cref="ObjectDisposedException">The device was disposed of.</exception>
    public void WaitForEvent(nint @event)
    {
        ThrowIfNoEvent(@event);
        try
        {
            _queue.WaitForEvent(@event);
        }
        catch (CudaException failure)
        {
            throw _queue.Explain(failure, $"waiting for event 0x{@event:x}");
        }
    }

    /// <summary>Has an event of CUDA's mark what the device was given so far: who waits for it waits for the steps before.</summary>
    /// <param name="event">The event's handle, a <c>CUevent</c> or <c>cudaEvent_t</c>, made in the device's context.</param>
    /// <inheritdoc cref="WaitForEvent"/>
    public void RecordEvent(nint @event)
    {
        ThrowIfNoEvent(@event);
        try
        {
            _queue.RecordEvent(@event);
        }
        catch (CudaException failure)
        {
            throw _queue.Explain(failure, $"recording event 0x{@event:x}");
        }
    }

    private protected override (nint Address, IDisposable? Memory) Allocate(long bytes) => _queue.AllocateAligned(bytes);

    private protected override (nint Address, IDisposable Memory) AllocateHost(long bytes) => _queue.AllocateHost(Math.Max(1, bytes));

    private protected override void Close()
    {
        _queue.Dispose();
        if (_owned.Length == 0)
            return;
        using var thread = CudaThread.Keep();
        Array.ForEach(_owned, owned => owned.Dispose());
    }

    internal override void Clear(nint address, long bytes)
    {
        if (bytes > 0)
            _queue.Clear(address, bytes);
    }

    internal override void CopyToHost(nint source, Span<byte> destination)
    {
        if (destination.Length == 0)
            return;
        try
        {
            _queue.CopyToHost(source, destination);
        }
        catch (CudaException failure)
        {
            throw _queue.Explain(failure, $"a copy of {destination.Length} bytes to the host");
        }
    }

    internal override void CopyFromHost(ReadOnlySpan<byte> source, nint destination)
    {
        if (source.Length > 0)
            _queue.CopyFromHost(source, destination);
    }

    internal override void Copy(nint source, nint destination, long bytes)
    {
        if (bytes > 0)
            _queue.Copy(source, destination, bytes);
    }

    private void ThrowIfNoEvent(nint @event)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        if (Accelerator is not CudaAccelerator)
            throw new NotSupportedException($"Events of CUDA's are for devices of CUDA's. Actual device was '{Name}'.");
        if (@event == 0)
            throw new ArgumentException("event must be an event's handle. Actual value was 0.", nameof(@event));
    }
}
