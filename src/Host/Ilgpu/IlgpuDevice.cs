using System.Runtime.InteropServices;
using GpuOptim.Kernels;
using GpuOptim.Kernels.Ilgpu;
using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Rules;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace GpuOptim.Host.Ilgpu;

/// <summary>An ILGPU accelerator: the engine's own, with its stream, or one of our own.</summary>
/// <remarks>What an engine enqueues on the stream runs in order with what optimizers do.</remarks>
public sealed class IlgpuDevice : Device
{
    internal const string CpuName = "ilgpu-cpu";

    private readonly Lock _gate = new();
    private readonly Accelerator _accelerator;
    private readonly AcceleratorStream _stream;
    private readonly IlgpuMemory _memory;
    private readonly IlgpuKernels _kernels;
    private readonly IlgpuMatrixOps<BFloat16Format> _brainOps;
    private readonly IlgpuMatrixOps<Float32Format> _floatOps;
    private readonly IDisposable[] _owned;
    private MemoryBuffer1D<byte, Stride1D.Dense>? _rules;

    /// <summary>Works on an accelerator of the engine's, which stays the engine's.</summary>
    /// <param name="accelerator">The accelerator; may have been made at any time before.</param>
    /// <param name="stream">The stream to work on; the accelerator's default stream if null.</param>
    /// <exception cref="NotSupportedException">The accelerator is neither CUDA's nor ILGPU's own for the CPU.</exception>
    public IlgpuDevice(Accelerator accelerator, AcceleratorStream? stream = null)
        : this(accelerator ?? throw new ArgumentNullException(nameof(accelerator)), stream, [])
    {
    }

    private IlgpuDevice(Accelerator accelerator, AcceleratorStream? stream, IDisposable[] owned)
    {
        if (accelerator.AcceleratorType is not (AcceleratorType.Cuda or AcceleratorType.CPU))
            throw new NotSupportedException($"accelerator must be of type Cuda or CPU: kernels reach tensors by raw addresses. Actual type was {accelerator.AcceleratorType}.");
        _accelerator = accelerator;
        _stream = stream ?? accelerator.DefaultStream;
        _owned = owned;
        _memory = new(accelerator, _stream);
        _kernels = new(accelerator);
        _brainOps = new(accelerator, _stream, _kernels, GroupSize);
        _floatOps = new(accelerator, _stream, _kernels, GroupSize);
    }

    /// <inheritdoc/>
    public override string Name => _accelerator is CPUAccelerator ? CpuName : "cuda";

    /// <inheritdoc/>
    public override string Description => _accelerator is CPUAccelerator ? CpuDescription : _accelerator.Name;

    /// <inheritdoc/>
    public override bool IsHostAccessible => false;

    /// <summary>The accelerator.</summary>
    public Accelerator Accelerator => _accelerator;

    internal static string CpuDescription => "ILGPU's CPU accelerator: for tests, slow";

    private int GroupSize => Math.Min(UpdateKernel.GroupSize, _accelerator.MaxNumThreadsPerGroup);

    /// <summary>A buffer over memory of the engine's on the same accelerator, which must stay valid while the buffer is used.</summary>
    /// <typeparam name="T"><see cref="float"/>, <see cref="BFloat16"/> or <see cref="System.Half"/>.</typeparam>
    /// <param name="view">The memory; buffers of ILGPU convert to it. Updates are fastest where it begins on a multiple of 16 bytes.</param>
    /// <exception cref="ArgumentException">The memory is empty or another accelerator's.</exception>
    /// <exception cref="ObjectDisposedException">The device was disposed of.</exception>
    public DeviceBuffer<T> Wrap<T>(ArrayView<T> view) where T : unmanaged
    {
        if (!view.IsValid || view.Length == 0)
            throw new ArgumentException($"view must hold at least one element. Actual length was {(view.IsValid ? view.Length : 0)}.", nameof(view));
        if (view.GetAccelerator() != _accelerator)
            throw new ArgumentException($"view must lie on the device's accelerator, '{_accelerator.Name}'. Actual accelerator was '{view.GetAccelerator().Name}'.", nameof(view));
        return Register(() =>
        {
            var (address, memory) = _memory.Wrap(view.Cast<byte>());
            return new DeviceBuffer<T>(this, address, view.Length, memory);
        });
    }

    /// <inheritdoc/>
    public override UpdateBatch CreateUpdateBatch(ElementType elementType, ElementType stateType, ReadOnlySpan<UpdateSegment> segments)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        return new IlgpuUpdateBatch(_accelerator, _stream, elementType, stateType, segments);
    }

    /// <inheritdoc/>
    public override void Update<TRule>(ReadOnlySpan<TRule> rules, UpdateBatch batch)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        RuleLayout<TRule>.ThrowIfForeign();
        if (batch is not IlgpuUpdateBatch { Table: var table })
            throw new ArgumentException($"batch must have been made by device '{Name}'. Actual type was {batch?.GetType().Name ?? "null"}.", nameof(batch));
        lock (_gate)
            Launch(rules, table, batch.ElementType, batch.ElementType, batch.StateType, batch.Gradients, batch.Rules);
    }

    /// <inheritdoc/>
    public override void Synchronize()
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        _stream.Synchronize();
    }

    /// <summary>ILGPU's CPU accelerator.</summary>
    internal static IlgpuDevice OpenCpu()
    {
        var context = Context.Create(builder => builder.CPU(new CPUDevice(2, 2, Math.Max(1, Environment.ProcessorCount))));
        var accelerator = context.CreateCPUAccelerator(0);
        return new(accelerator, null, [accelerator, context]);
    }

    internal override MatrixUpdateBatch CreateMatrixUpdateBatch(
        ElementType elementType, ElementType stateType, ElementType workType, int rows, int columns, ReadOnlySpan<UpdateSegment> segments)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        return new IlgpuMatrixUpdateBatch(_accelerator, _stream, _memory, elementType, stateType, workType, rows, columns, segments);
    }

    internal override void UpdateMatrices<TDirection, TUpdate>(
        ReadOnlySpan<TDirection> directionRules, ReadOnlySpan<TUpdate> updateRules, NewtonSchulzPlan plan, ReadOnlySpan<MatrixUpdateBatch> batches)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        lock (_gate)
        {
            foreach (var batch in batches)
                UpdateMatrices(directionRules, updateRules, plan, (IlgpuMatrixUpdateBatch)batch);
        }
    }

    private protected override (nint Address, IDisposable? Memory) Allocate(long bytes) => _memory.Allocate(bytes);

    private protected override void Close()
    {
        _rules?.Dispose();
        _brainOps.Dispose();
        _floatOps.Dispose();
        _kernels.Dispose();
        Array.ForEach(_owned, owned => owned.Dispose());
    }

    internal override void Clear(nint address, long bytes)
    {
        if (bytes > 0)
            _memory.View(address, bytes).MemSetToZero(_stream);
    }

    internal override void CopyToHost(nint source, Span<byte> destination)
    {
        if (destination.Length > 0)
            _memory.View(source, destination.Length).CopyToCPU(_stream, destination);
    }

    internal override void CopyFromHost(ReadOnlySpan<byte> source, nint destination)
    {
        if (source.Length > 0)
            _memory.View(destination, source.Length).CopyFromCPU(_stream, source);
    }

    private void UpdateMatrices<TDirection, TUpdate>(
        ReadOnlySpan<TDirection> directionRules, ReadOnlySpan<TUpdate> updateRules, NewtonSchulzPlan plan, IlgpuMatrixUpdateBatch batch)
        where TDirection : unmanaged, IUpdateRule
        where TUpdate : unmanaged, IUpdateRule
    {
        if (batch.Directions.Chunks == 0)
            return;
        Launch(directionRules, batch.Directions, batch.WorkType, batch.ElementType, batch.StateType, batch.Gradients, batch.Rules);
        IMatrixOps ops = batch.WorkType == ElementType.BFloat16 ? _brainOps : _floatOps;
        var orthogonal = NewtonSchulz.Orthogonalize(ops, batch.X, batch.Other, batch.Product, batch.Polynomial, plan);
        for (var i = 0; i < batch.Count; i++)
            batch.Orthogonal[i] = batch.Gradients[i] == 0 ? 0 : orthogonal[i].Address;
        Launch(updateRules, batch.Updates, batch.ElementType, batch.WorkType, batch.StateType, batch.Orthogonal, batch.Rules);
    }

    private void Launch<TRule>(
        ReadOnlySpan<TRule> rules, IlgpuUpdateTable table, ElementType element, ElementType gradient, ElementType state, ReadOnlySpan<nint> gradients, ReadOnlySpan<int> indices)
        where TRule : unmanaged, IUpdateRule
    {
        if (table.Chunks == 0 || rules.IsEmpty)
            return;
        table.Upload(gradients, indices);
        var bytes = MemoryMarshal.AsBytes(rules);
        if (_rules is null || _rules.Length < bytes.Length)
        {
            _rules?.Dispose();
            _rules = _accelerator.Allocate1D<byte>(2 * bytes.Length);
        }
        _rules.View.BaseView.SubView(0, bytes.Length).CopyFromCPU(_stream, bytes);
        _kernels.Update<TRule>(element, gradient, state)(
            _stream, new(table.Chunks, GroupSize), table.ChunkView, table.Segments, table.Gradients, table.Rules, _rules.View.BaseView.Cast<TRule>().SubView(0, rules.Length));
    }
}
