using System.Runtime.InteropServices;
using GpuOptim.Kernels;
using GpuOptim.Kernels.Ilgpu;
using GpuOptim.Kernels.Ilgpu.Matrix;
using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Norms;
using GpuOptim.Kernels.Rules;
using GpuOptim.Kernels.Rules.Variants;
using GpuOptim.Kernels.Scaling;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using Microsoft.Extensions.Logging;

namespace GpuOptim.Host.Ilgpu;

/// <summary>A stream of an accelerator. All that the library asks of one, to launch, to copy, to wait, goes through here and is counted.</summary>
internal class IlgpuQueue : IDisposable
{
    private readonly AcceleratorStream _stream;
    private readonly string _device;
    private readonly ILogger? _logger;
    private readonly IlgpuKernels _kernels;
    private readonly IlgpuUploadRing _ring;
    private readonly int _groupSize;
    private readonly int _sharingGroupSize;
    private readonly int _groupRows;
    private long _launches;
    private long _hostWaits;
    private long _tableBuilds;
    private long _bytesToDevice;
    private long _bytesToHost;

    public IlgpuQueue(Accelerator accelerator, AcceleratorStream stream, string device, ILogger? logger)
    {
        Accelerator = accelerator;
        _stream = stream;
        _device = device;
        _logger = logger;
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
        Interlocked.Read(ref _launches), Interlocked.Read(ref _hostWaits), Interlocked.Read(ref _tableBuilds), Interlocked.Read(ref _bytesToDevice), Interlocked.Read(ref _bytesToHost));

    /// <summary>Whether kernels read tables of tensors, of which they take all at once.</summary>
    public virtual bool ReadsTables => true;

    /// <summary>Threads of a group.</summary>
    protected int GroupSize => _groupSize;

    /// <summary>Whether bfloat16 products run on tensor cores.</summary>
    public bool RunsTensorCores => AllowsTensorCores && Accelerator is CudaAccelerator { Architecture: var architecture } && architecture >= CudaArchitecture.SM_80;

    /// <summary>A fused update.</summary>
    public virtual void Update<TRule>(IlgpuUpdateTable table, ReadOnlySpan<TRule> rules, AverageRule average, UpdateTypes types)
        where TRule : unmanaged, IUpdateRule
    {
        var launch = new UpdateLaunch(this, table, rules.Length, average, types);
        RuleVariants.Visit(rules, ref launch);
    }

    /// <summary>The first half of an update that orthogonalizes.</summary>
    public virtual void UpdateMomentum<TRule>(IlgpuUpdateTable table, ReadOnlySpan<TRule> rules, UpdateTypes types, ArrayView<double> sums)
        where TRule : unmanaged, IUpdateRule =>
        Kernel<MomentumKernels<TRule>, MomentumLauncher<TRule>>(types)(
            NextLaunch(), new(table.Chunks, _sharingGroupSize), table.ChunkMap, table.Segments, table.Gradients, table.RuleIndices, table.Rules<TRule>(rules.Length), sums);

    /// <summary>Accumulates a norm of a table's gradients, chunk by chunk.</summary>
    public virtual void Norm<TNorm>(IlgpuUpdateTable table, ElementType gradient, ArrayView<double> sums) where TNorm : INorm =>
        Kernel<Action<AcceleratorStream, KernelConfig, ArrayView<GpuChunk>, ArrayView<GpuSegment>, ArrayView<long>, ArrayView<double>>>(gradient switch
        {
            ElementType.Float32 => NormKernel<Float32Format, TNorm>.Run,
            ElementType.BFloat16 => NormKernel<BFloat16Format, TNorm>.Run,
            _ => NormKernel<Float16Format, TNorm>.Run,
        })(NextLaunch(), new(table.Chunks, _sharingGroupSize), table.ChunkMap, table.Segments, table.Gradients, sums);

    /// <summary>Takes the norm of what was accumulated, decides what is done to gradients, and moves the loss scale on.</summary>
    public void Scale<TNorm>(ArrayView<double> sums, in GradientNormRequest request, ArrayView<LossScale> lossScale, ArrayView<GradientCheck> result) where TNorm : INorm =>
        Kernel<Action<AcceleratorStream, KernelConfig, ArrayView<double>, float, int, LossScaling, int, ArrayView<LossScale>, ArrayView<GradientCheck>>>(ScaleKernel<TNorm>.Run)(
            NextLaunch(), new(1, _sharingGroupSize), sums, request.MaxNorm, request.LossScale == 0 ? 0 : 1, request.Scaling, request.Bit, lossScale, result);

    /// <summary>Completes what was sent for a step by a check that the host does not know.</summary>
    /// <param name="table">What was sent.</param>
    /// <param name="stride">Bytes of a rule.</param>
    /// <param name="rules">How many of its rules take factors.</param>
    /// <param name="result">The check.</param>
    public virtual void CompleteStep(IlgpuUpdateTable table, int stride, int rules, ArrayView<GradientCheck> result) =>
        Kernel<Action<AcceleratorStream, KernelConfig, long, int, int, ArrayView<long>, ArrayView<int>, ArrayView<ulong>, ArrayView<GradientCheck>>>(CompleteStepKernel.Run)(
            NextLaunch(), new(1, _sharingGroupSize), table.RulesAddress, stride, rules, table.Gradients, table.RuleIndices, table.Pending, result);

    /// <summary>Divides matrices by their norms, of the sums of squares of their chunks.</summary>
    public virtual void Normalize<TFormat>(MatrixBatch source, MatrixBatch x, ArrayView<double> sums, double scale, float epsilon) where TFormat : IFormat
    {
        var groups = GroupsToNormalize(x);
        Kernel<Action<AcceleratorStream, KernelConfig, GpuDivision, int, ArrayView<double>, double, float>>(NormalizeKernel<TFormat>.Run)(
            NextLaunch(), new(groups * x.Count, _sharingGroupSize), new(source, x), groups, sums, scale, epsilon);
    }

    /// <summary>Products of matrices, each tile of a result a group of threads.</summary>
    public virtual void Multiply<TFormat, TLeft, TRight, TOrder>(GpuProduct product)
        where TFormat : IFormat
        where TLeft : struct, ITileLayout
        where TRight : struct, ITileLayout
        where TOrder : struct, ITileOrder
    {
        if (TFormat.Type == ElementType.BFloat16 && RunsTensorCores)
        {
            var tiles = TileGrid.Count<TOrder>(product, TensorProduct.TileRows);
            Kernel<Action<AcceleratorStream, KernelConfig, GpuProduct>>(TensorProduct<TLeft, TRight, TOrder>.Multiply)(
                NextLaunch(), new(tiles, TensorProduct.GroupSize, SharedMemoryConfig.RequestDynamic<byte>(TensorProduct.SharedBytes)), product);
        }
        else
        {
            var tiles = TileGrid.Count<TOrder>(product, _groupRows * TiledProduct.ThreadRows);
            Kernel<Action<AcceleratorStream, KernelConfig, GpuProduct>>(TiledProduct<TFormat, TLeft, TRight, TOrder>.Multiply)(
                NextLaunch(), new(new Index2D(tiles, 1), new Index2D(_groupRows, _groupRows)), product);
        }
    }

    /// <summary>Sends what lies in the host's memory, which may change as soon as this returns; the host does not wait.</summary>
    public virtual void Upload<T>(ReadOnlySpan<T> source, ArrayView<byte> destination) where T : unmanaged
    {
        var bytes = MemoryMarshal.AsBytes(source);
        if (_ring.Upload(bytes, destination))
            Interlocked.Increment(ref _hostWaits);
        CountToDevice(bytes.Length);
    }

    /// <summary>Has bytes brought to the host, which does not wait.</summary>
    public virtual void Download(ArrayView<byte> source, PageLockedArray1D<byte> destination)
    {
        source.CopyTo(_stream, destination.ArrayView);
        Interlocked.Add(ref _bytesToHost, source.Length);
        Telemetry.Copy(_device, "to host", source.Length);
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
        var buffer = Allocate(bytes + Alignment);
        return ((buffer.NativePtr + Alignment - 1) / Alignment * Alignment, buffer);
    }

    /// <summary>Where a view begins, and what to dispose of after its last use if that is not null.</summary>
    public virtual (nint Address, IDisposable? Memory) Wrap<T>(ArrayView<T> view) where T : unmanaged => (view.Cast<byte>().LoadEffectiveAddressAsPtr(), null);

    public void Clear(nint address, long bytes)
    {
        var view = At(address, bytes, out var memory);
        using (memory)
            view.MemSetToZero(_stream);
    }

    public void CopyToHost(nint source, Span<byte> destination)
    {
        var view = At(source, destination.Length, out var memory);
        using (memory)
            CopyToHost(view, destination);
    }

    public void CopyToHost(ArrayView<byte> source, Span<byte> destination)
    {
        Interlocked.Increment(ref _hostWaits);
        Interlocked.Add(ref _bytesToHost, destination.Length);
        Telemetry.Copy(_device, "to host", destination.Length);
        source.CopyToCPU(_stream, destination);
    }

    public void CopyFromHost(ReadOnlySpan<byte> source, nint destination)
    {
        CountCopyFromHost(source.Length);
        var view = At(destination, source.Length, out var memory);
        using (memory)
            view.CopyFromCPU(_stream, source);
    }

    public void Synchronize()
    {
        Interlocked.Increment(ref _hostWaits);
        _stream.Synchronize();
    }

    public void CountTableBuild() => Interlocked.Increment(ref _tableBuilds);

    public virtual void Dispose() => _ring.Dispose();

    /// <summary>The memory at an address, and what to dispose of after its use.</summary>
    public virtual ArrayView<byte> At(nint address, long bytes, out IDisposable? memory)
    {
        var pointer = new PointerMemory(Accelerator, address, bytes);
        memory = pointer;
        return pointer.AsRawArrayView();
    }

    /// <summary>How many groups normalize each matrix.</summary>
    /// <remarks>A group takes the norm anew, so it gets several chunks of a matrix of many.</remarks>
    protected static int GroupsToNormalize(MatrixBatch x) => (int)Math.Min(NormOrder.Chunks(x.Length), 512);

    /// <summary>What launches a kernel.</summary>
    protected TLauncher Kernel<TLauncher>(Delegate kernel) where TLauncher : Delegate => _kernels.Get<TLauncher>(kernel, _logger);

    /// <summary>What launches a kernel for some element types.</summary>
    protected TLauncher Kernel<TKernel, TLauncher>(UpdateTypes types)
        where TKernel : ITypedKernel
        where TLauncher : Delegate => _kernels.Get<TKernel, TLauncher>(types, _logger);

    /// <summary>Counts a copy from the host, for which it waits.</summary>
    protected void CountCopyFromHost(long bytes)
    {
        Interlocked.Increment(ref _hostWaits);
        CountToDevice(bytes);
    }

    /// <summary>The stream, to launch one kernel.</summary>
    protected AcceleratorStream NextLaunch()
    {
        Interlocked.Increment(ref _launches);
        Telemetry.Launch(_device);
        return _stream;
    }

    private void CountToDevice(long bytes)
    {
        Interlocked.Add(ref _bytesToDevice, bytes);
        Telemetry.Copy(_device, "to device", bytes);
    }

    /// <summary>Enqueues the kernel of the type that rules turn out to be.</summary>
    private readonly struct UpdateLaunch(
        IlgpuQueue queue, IlgpuUpdateTable table, int rules, AverageRule average, UpdateTypes types) : IRuleVisitor
    {
        public void Visit<TRule>() where TRule : unmanaged, IUpdateRule =>
            queue.Kernel<UpdateKernels<TRule>, UpdateLauncher<TRule>>(types)(
                queue.NextLaunch(),
                new(table.Chunks, Math.Min(UpdateKernel.GroupSizeFor(table.LongestChunk), queue._groupSize)),
                table.ChunkMap,
                table.Segments,
                table.Gradients,
                table.RuleIndices,
                table.Rules<TRule>(rules),
                average);
    }
}
