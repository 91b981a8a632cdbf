using System.Diagnostics.CodeAnalysis;
using GpuOptim.Host.Ilgpu.OpenCL;
using GpuOptim.Kernels;
using GpuOptim.Kernels.Rules;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;
using Microsoft.Extensions.Logging;

namespace GpuOptim.Host.Ilgpu;

/// <summary>An ILGPU accelerator, of CUDA, OpenCL or ILGPU's own for the CPU: the engine's, with its stream, or one of our own.</summary>
/// <remarks>
/// What an engine enqueues on the stream runs in order with what optimizers do. Kernels are compiled when they are first needed. OpenCL is unverified on
/// cards, and launches a kernel for each tensor where the others launch one for all.
/// </remarks>
[RequiresDynamicCode("ILGPU compiles kernels at run time. SimdDevice does without.")]
public sealed class IlgpuDevice : Device
{
    internal const string CpuName = "ilgpu-cpu";
    internal const string CudaName = "cuda";
    internal const string OpenCLName = "opencl";
    internal const string AnyName = "ilgpu";

    private static readonly Lazy<string?> _cuda = new(() => CudaDevice.GetDevices(_ => true) is [var first, ..] ? first.Name : null);
    private static readonly Lazy<string?> _cudaFailure = new(() => CudaDescription is null ? CudaDriver.FindFailure() : null);
    private static readonly Lazy<string?> _openCL = new(() => CLDevice.GetDevices(device => OpenCLQueue.Missing(device) is null) is [var first, ..] ? DescribeOpenCL(first) : null);

    private readonly Lock _gate = new();
    private readonly IlgpuQueue _queue;
    private readonly IDisposable[] _owned;

    /// <summary>Works on an accelerator of the engine's, which stays the engine's.</summary>
    /// <param name="accelerator">The accelerator; may have been made at any time before.</param>
    /// <param name="stream">The stream to work on; the accelerator's default stream if null.</param>
    /// <param name="loggerFactory">Makes the logger, category <c>GpuOptim</c>, of kernels that are compiled and steps that are skipped.</param>
    /// <exception cref="NotSupportedException">The accelerator is OpenCL's and lacks what kernels need: double precision, groups of 256 threads.</exception>
    public IlgpuDevice(Accelerator accelerator, AcceleratorStream? stream = null, ILoggerFactory? loggerFactory = null)
        : this(accelerator ?? throw new ArgumentNullException(nameof(accelerator)), stream, loggerFactory, [])
    {
    }

    private IlgpuDevice(Accelerator accelerator, AcceleratorStream? stream, ILoggerFactory? loggerFactory, IDisposable[] owned)
    {
        Accelerator = accelerator;
        _owned = owned;
        Logger = loggerFactory?.CreateLogger(Telemetry.MeterName);
        stream ??= accelerator.DefaultStream;
        _queue = accelerator is CLAccelerator openCL ? new OpenCLQueue(openCL, stream, Name, Logger) : new IlgpuQueue(accelerator, stream, Name, Logger);
    }

    /// <inheritdoc/>
    public override string Name => Accelerator switch
    {
        CPUAccelerator => CpuName,
        CLAccelerator => OpenCLName,
        _ => CudaName,
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

    /// <summary>Whether products of bfloat16 matrices run on tensor cores where there are any, from sm_80 on: true unless set.</summary>
    /// <remarks>Tensor cores sum in an order of their own. Without them, CUDA computes the bits of the <see cref="SimdDevice"/>, and slower.</remarks>
    public bool UseTensorCores
    {
        get => _queue.AllowsTensorCores;
        init => _queue.AllowsTensorCores = value;
    }

    /// <summary>What was asked of the accelerator so far.</summary>
    public IlgpuCounters Counters => _queue.Counters;

    /// <summary>How many checks on gradients are left on their way unless a step must have them: 0, but for tests of what a card does that is far behind.</summary>
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
    /// <exception cref="ArgumentException">The pointer is null or misaligned.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="length"/> is less than 1.</exception>
    /// <exception cref="ObjectDisposedException">The device was disposed of.</exception>
    public DeviceBuffer<T> Wrap<T>(nint pointer, long length) where T : unmanaged
    {
        if (Accelerator is CLAccelerator)
            throw new NotSupportedException("Memory of OpenCL has no addresses. Wrap a view of it.");
        var size = ElementTypes.Of<T>().Size();
        if (pointer == 0 || pointer % size != 0)
            throw new ArgumentException($"pointer must be a multiple of {size} and not null. Actual value was 0x{pointer:x}.", nameof(pointer));
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        return Register(() => new DeviceBuffer<T>(this, pointer, length, memory: null));
    }

    /// <inheritdoc/>
    public override UpdateBatch CreateUpdateBatch(ElementType elementType, ElementType stateType, ReadOnlySpan<UpdateSegment> segments)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        return new IlgpuUpdateBatch(_queue, elementType, stateType, segments);
    }

    /// <inheritdoc/>
    public override void Update<TRule>(ReadOnlySpan<TRule> rules, UpdateBatch batch)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        RuleLayout<TRule>.ThrowIfForeign();
        if (batch is not IlgpuUpdateBatch { Table: var table })
            throw new ArgumentException($"batch must have been made by device '{Name}'. Actual type was {batch?.GetType().Name ?? "null"}.", nameof(batch));
        if (table.Chunks == 0 || (rules.IsEmpty && !batch.HasAverages))
            return;
        lock (_gate)
        {
            try
            {
                Upload(table, batch, rules);
                _queue.Update(table, rules, batch.Average, batch.Types);
            }
            catch (CudaException failure)
            {
                throw Explain(failure, $"a step by {typeof(TRule).Name}");
            }
        }
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
            throw Explain(failure, "waiting for the device");
        }
    }

    /// <summary>Opens an accelerator of its own: the first CUDA card, or where there is none ILGPU's CPU accelerator.</summary>
    /// <param name="loggerFactory">Makes the logger, category <c>GpuOptim</c>, of kernels that are compiled and steps that are skipped.</param>
    /// <remarks>The same as <see cref="Device.Open"/> of <c>ilgpu</c>.</remarks>
    public static IlgpuDevice Open(ILoggerFactory? loggerFactory = null) => CudaDescription is null ? OpenCpu(loggerFactory) : OpenCuda(loggerFactory);

    /// <summary>What the first CUDA card is; null if there is none.</summary>
    internal static string? CudaDescription => _cuda.Value;

    /// <summary>Why there is no CUDA card although there is a driver; null if there is one, or no driver.</summary>
    internal static string? CudaFailure => _cudaFailure.Value;

    /// <summary>The first CUDA card.</summary>
    internal static IlgpuDevice OpenCuda(ILoggerFactory? loggerFactory)
    {
        var context = Context.Create(builder => builder.Cuda());
        try
        {
            var accelerator = context.CreateCudaAccelerator(0);
            return new(accelerator, null, loggerFactory, [accelerator, context]);
        }
        catch
        {
            context.Dispose();
            throw;
        }
    }

    /// <summary>What the first OpenCL device that can run the kernels is; null if there is none.</summary>
    internal static string? OpenCLDescription => _openCL.Value;

    /// <summary>The first OpenCL device that can run the kernels.</summary>
    internal static IlgpuDevice OpenOpenCL(ILoggerFactory? loggerFactory)
    {
        var context = Context.Create(builder => builder.OpenCL(device => OpenCLQueue.Missing(device) is null));
        var accelerator = context.CreateCLAccelerator(0);
        return new(accelerator, null, loggerFactory, [accelerator, context]);
    }

    /// <summary>ILGPU's CPU accelerator.</summary>
    internal static IlgpuDevice OpenCpu(ILoggerFactory? loggerFactory)
    {
        var context = Context.Create(builder => builder.CPU(new CPUDevice(2, 2, Math.Max(1, Environment.ProcessorCount))));
        var accelerator = context.CreateCPUAccelerator(0);
        return new(accelerator, null, loggerFactory, [accelerator, context]);
    }

    internal override GradientNorm CreateGradientNorm() => new IlgpuGradientNorm(_queue, _gate, CheckLag);

    internal override MatrixUpdateBatch CreateMatrixUpdateBatch(
        ElementType elementType, ElementType stateType, ElementType workType, int rows, int columns, ReadOnlySpan<UpdateSegment> segments)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        return new IlgpuMatrixUpdateBatch(_queue, elementType, stateType, workType, rows, columns, segments);
    }

    internal override void UpdateMatrices<TMomentum, TUpdate>(
        ReadOnlySpan<TMomentum> momentumRules, ReadOnlySpan<TUpdate> updateRules, NewtonSchulzPlan plan, ReadOnlySpan<MatrixUpdateBatch> batches)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        lock (_gate)
        {
            try
            {
                foreach (var batch in batches)
                    UpdateMatrices(momentumRules, updateRules, plan, (IlgpuMatrixUpdateBatch)batch);
            }
            catch (CudaException failure)
            {
                throw Explain(failure, $"a step by {typeof(TMomentum).Name} and {typeof(TUpdate).Name}");
            }
        }
    }

    private protected override (nint Address, IDisposable? Memory) Allocate(long bytes) => _queue.AllocateAligned(bytes);

    private protected override void Close()
    {
        _queue.Dispose();
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
            throw Explain(failure, $"a copy of {destination.Length} bytes to the host");
        }
    }

    internal override void CopyFromHost(ReadOnlySpan<byte> source, nint destination)
    {
        if (source.Length > 0)
            _queue.CopyFromHost(source, destination);
    }

    /// <summary>Says what CUDA was asked when it told of a fault, and that the fault may be another's.</summary>
    internal static CudaException Explain(CudaException failure, string call) => new(
        $"CUDA answered '{failure.Message}' to {call}. The fault may be that of an earlier kernel, the engine's or another library's: CUDA tells of it in a later call. compute-sanitizer finds which.",
        failure);

    private static string DescribeOpenCL(ILGPU.Runtime.Device device) => $"{device.Name}, through OpenCL: unverified";

    /// <summary>Sends what a step changes, and has the device complete it with what it alone knows.</summary>
    private unsafe void Upload<TRule>(IlgpuUpdateTable table, UpdateBatch batch, ReadOnlySpan<TRule> rules) where TRule : unmanaged, IUpdateRule
    {
        table.Upload(batch.Gradients, batch.Rules, batch.GradientNorm is null ? [] : batch.Pending, rules, batch.IsRepeated, isCompleted: batch.GradientNorm is not null);
        if (batch.GradientNorm is IlgpuGradientNorm norm)
            _queue.CompleteStep(table, sizeof(TRule), rules.Length, norm.Check);
    }

    private void UpdateMatrices<TMomentum, TUpdate>(
        ReadOnlySpan<TMomentum> momentumRules, ReadOnlySpan<TUpdate> updateRules, NewtonSchulzPlan plan, IlgpuMatrixUpdateBatch batch)
        where TMomentum : unmanaged, IUpdateRule
        where TUpdate : unmanaged, IUpdateRule
    {
        if (batch.Ops is null || (momentumRules.IsEmpty && !batch.HasAverages))
            return;
        if (momentumRules.IsEmpty)
        {
            Array.Clear(batch.Orthogonal);
        }
        else
        {
            Upload(batch.Momentum, batch, momentumRules);
            _queue.UpdateMomentum(batch.Momentum, momentumRules, batch.MomentumTypes, batch.Sums);
            var orthogonal = NewtonSchulz.Orthogonalize(batch.Ops, batch.X, batch.Other, batch.Product, batch.Polynomial, plan);
            if (!batch.IsRepeated)
                batch.SetOrthogonal(orthogonal);
        }
        var norm = batch.GradientNorm is IlgpuGradientNorm { MaySkip: true } skipping ? skipping : null;
        batch.Updates.Upload(batch.Orthogonal, batch.UpdateRules, [], updateRules, batch.IsRepeated, isCompleted: norm is not null);
        if (norm is not null)
            _queue.CompleteStep(batch.Updates, 0, 0, norm.Check);
        _queue.Update(batch.Updates, updateRules, batch.Average, batch.UpdateTypes);
    }
}
