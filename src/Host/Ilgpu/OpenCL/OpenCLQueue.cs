using System.Runtime.InteropServices;
using GpuOptim.Host.Ilgpu.Steps;
using GpuOptim.Kernels;
using GpuOptim.Kernels.Ilgpu;
using GpuOptim.Kernels.Ilgpu.Matrix;
using GpuOptim.Kernels.Ilgpu.OpenCL;
using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Norms;
using GpuOptim.Kernels.Scaling;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.OpenCL;
using Microsoft.Extensions.Logging;

namespace GpuOptim.Host.Ilgpu.OpenCL;

/// <summary>A stream of OpenCL's. Its kernels reach only buffers that they are given, so that each tensor is a launch.</summary>
/// <param name="accelerator">The accelerator.</param>
/// <param name="stream">One of its streams.</param>
/// <param name="device">What telemetry calls the device.</param>
/// <param name="logger">Where to say which kernels are compiled.</param>
internal sealed class OpenCLQueue(CLAccelerator accelerator, AcceleratorStream stream, string device, ILogger? logger) : IlgpuQueue(Suitable(accelerator), stream, device, logger)
{
    private readonly OpenCLAddresses _addresses = new();
    private readonly AcceleratorStream _stream = stream;
    private MemoryBuffer1D<GpuChunk, Stride1D.Dense>? _chunks;

    public override bool ReadsTables => false;

    /// <summary>What a device lacks that kernels need; null if nothing.</summary>
    public static string? Missing(CLDevice device) =>
        !device.Capabilities.GenericAddressSpace ? "a generic address space"
        : !device.Capabilities.Float64 ? "double precision"
        : device.MaxNumThreadsPerGroup < UpdateKernel.GroupSize ? $"groups of {UpdateKernel.GroupSize} threads"
        : null;

    /// <remarks>A rule's variants have no kernels of their own here.</remarks>
    public override void Update<TRule>(IlgpuStep step, StepTable table, ReadOnlySpan<TRule> rules, UpdateTypes types) => step.Add(new UpdateLaunch<TRule>(table, types));

    public override void LaunchUpdate<TRule>(StepTable step, UpdateTypes types)
    {
        var table = step.Table;
        var launch = Kernel<OpenCLUpdateKernels<TRule>, OpenCLUpdateLauncher<TRule>>(types);
        for (var i = 0; i < table.Tensors.Length; i++)
        {
            var (tensor, slope) = (table.Tensors[i], (nint)step.HostGradients[i]);
            if ((slope == 0 && tensor.Average == 0) || tensor.Length == 0)
                continue;
            var chunks = Chunks(tensor.Length);
            launch(
                NextLaunch(),
                new(chunks.IntLength, GroupSize),
                chunks,
                Place(tensor.Parameter),
                Place(slope),
                Place(tensor.State0),
                Place(tensor.State1),
                Place(tensor.State2),
                Place(tensor.Average),
                tensor.Length,
                step.Gradients.SubView(i, 1),
                step.RuleIndices.SubView(i, 1),
                step.Rules<TRule>(),
                step.Averages);
        }
    }

    public override void LaunchMomentum<TRule>(StepTable step, UpdateTypes types, ArrayView<double> sums)
    {
        var table = step.Table;
        var launch = Kernel<OpenCLMomentumKernels<TRule>, OpenCLMomentumLauncher<TRule>>(types);
        var start = 0L;
        for (var i = 0; i < table.Tensors.Length; i++)
        {
            var (matrix, slope) = (table.Tensors[i], (nint)step.HostGradients[i]);
            var chunks = Chunks(matrix.Length);
            if (slope != 0)
            {
                launch(
                    NextLaunch(),
                    new(chunks.IntLength, GroupSize),
                    chunks,
                    Place(matrix.Parameter),
                    Place(slope),
                    Place(matrix.State0),
                    matrix.Length,
                    step.Gradients.SubView(i, 1),
                    step.RuleIndices.SubView(i, 1),
                    step.Rules<TRule>(),
                    sums.SubView(start, chunks.Length));
            }
            start += chunks.Length;
        }
    }

    public override void Norm<TNorm>(StepTable step, ElementType gradient, ArrayView<double> sums)
    {
        var table = step.Table;
        var launch = Kernel<Action<AcceleratorStream, KernelConfig, ArrayView<GpuChunk>, OpenCLPlace, long, ArrayView<double>>>(gradient switch
        {
            ElementType.Float32 => OpenCLNormKernel<Float32Format, TNorm>.Run,
            ElementType.BFloat16 => OpenCLNormKernel<BFloat16Format, TNorm>.Run,
            _ => OpenCLNormKernel<Float16Format, TNorm>.Run,
        });
        var start = 0L;
        for (var i = 0; i < table.Tensors.Length; i++)
        {
            var length = table.Tensors[i].Length;
            if (length == 0)
                continue;
            var chunks = Chunks(length);
            launch(NextLaunch(), new(chunks.IntLength, GroupSize), chunks, Place((nint)step.HostGradients[i]), length, sums.SubView(start, chunks.Length));
            start += chunks.Length;
        }
    }

    public override void CompleteStep(StepTable step, int stride, int rules, ArrayView<GradientCheck> result) =>
        Kernel<Action<AcceleratorStream, KernelConfig, OpenCLPlace, int, int, ArrayView<long>, ArrayView<int>, ArrayView<ulong>, ArrayView<GradientCheck>>>(OpenCLCompleteStepKernel.Run)(
            NextLaunch(), new(1, GroupSize), new(step.Block.Memory, step.Block.Start(step.RulesPlace)), stride, rules, step.Gradients, step.RuleIndices, step.Pending, result);

    public override void Normalize<TRaw, TFormat>(MatrixBatch source, MatrixBatch x, ArrayView<double> sums, double scale, float epsilon)
    {
        var groups = GroupsToNormalize(x);
        Kernel<Action<AcceleratorStream, KernelConfig, GpuDivision, OpenCLPlace, OpenCLPlace, int, ArrayView<double>, double, float>>(OpenCLNormalizeKernel<TRaw, TFormat>.Run)(
            NextLaunch(), new(groups * x.Count, GroupSize), new(source, x), Place(source.Address), Place(x.Address), groups, sums, scale, epsilon);
    }

    public override void AddIdentity<TFormat>(MatrixBatch a, float factor, float scale, MatrixBatch result) =>
        Kernel<Action<AcceleratorStream, KernelConfig, GpuIdentity, OpenCLPlace, OpenCLPlace, float, float>>(OpenCLAddIdentityKernel<TFormat>.Run)(
            NextLaunch(), new(a.Count * a.Order, GroupSize), new(a, result.Address), Place(a.Address), Place(result.Address), factor, scale);

    public override void Deviation<TFormat>(MatrixBatch a, nint result) =>
        Kernel<Action<AcceleratorStream, KernelConfig, GpuIdentity, OpenCLPlace, OpenCLPlace>>(OpenCLDeviationKernel<TFormat>.Run)(
            NextLaunch(), new(a.Count, GroupSize), new(a, result), Place(a.Address), Place(result));

    public override void Multiply<TFormat, TLeft, TRight, TOrder>(GpuProduct product)
    {
        const int Rows = TiledProduct.MaxGroupRows;
        var tiles = TileGrid.Count<TOrder>(product, Rows * TiledProduct.ThreadRows);
        Kernel<Action<AcceleratorStream, KernelConfig, GpuProduct, OpenCLPlace, OpenCLPlace, OpenCLPlace, OpenCLPlace>>(OpenCLProductKernel<TFormat, TLeft, TRight, TOrder>.Run)(
            NextLaunch(),
            new(new Index2D(tiles, 1), new Index2D(Rows, Rows)),
            product,
            Place((nint)product.Left),
            Place((nint)product.Right),
            Place((nint)product.Addend),
            Place((nint)product.Result));
    }

    /// <remarks>Waits: ILGPU tells no point in a stream of OpenCL's.</remarks>
    public override void Upload<T>(ReadOnlySpan<T> source, ArrayView<byte> destination)
    {
        var bytes = MemoryMarshal.AsBytes(source);
        CountCopyFromHost(bytes.Length);
        destination.CopyFromCPU(_stream, bytes);
    }

    /// <remarks>OpenCL aligns buffers to its longest type, 128 bytes.</remarks>
    public override (nint Address, IDisposable Memory) AllocateAligned(long bytes)
    {
        var buffer = Allocate(Math.Max(1, bytes));
        return _addresses.Add(buffer.View, buffer);
    }

    /// <remarks>ILGPU miscounts where a view begins if its buffer's elements are longer than a byte: the buffer is taken for one of bytes.</remarks>
    public override (nint Address, IDisposable? Memory) Wrap<T>(ArrayView<T> view)
    {
        IContiguousArrayView part = view;
        var bytes = new PointerMemory(Accelerator, part.Buffer.NativePtr, part.Buffer.LengthInBytes);
        var (address, memory) = _addresses.Add(bytes.AsRawArrayView(), bytes);
        return (address + (nint)part.IndexInBytes, memory);
    }

    public override void Dispose()
    {
        base.Dispose();
        _chunks?.Dispose();
    }

    public override ArrayView<byte> At(nint address, long bytes, out IDisposable? memory)
    {
        memory = null;
        var (buffer, offset) = _addresses.Find(address);
        return buffer.SubView(offset, bytes);
    }

    private static CLAccelerator Suitable(CLAccelerator accelerator) =>
        Missing(accelerator.Device) is not { } missing ? accelerator : throw new NotSupportedException($"accelerator must have {missing}. Actual accelerator was '{accelerator.Name}'.");

    private OpenCLPlace Place(nint address)
    {
        if (address == 0)
            return default;
        var (buffer, offset) = _addresses.Find(address);
        return new(buffer, offset);
    }

    /// <summary>The chunks of a tensor, which differ from another's in their number alone.</summary>
    private ArrayView<GpuChunk> Chunks(long length)
    {
        var count = checked((int)NormOrder.Chunks(length));
        if (_chunks is null || _chunks.Length < count)
        {
            _chunks?.Dispose();
            var chunks = new GpuChunk[Math.Max(1024, 2 * (long)count)];
            for (var i = 0; i < chunks.Length; i++)
                chunks[i].Index = i;
            _chunks = Accelerator.Allocate1D<GpuChunk>(chunks.Length);
            Upload<GpuChunk>(chunks, _chunks.View.BaseView.Cast<byte>());
        }
        return _chunks.View.SubView(0, count);
    }
}
