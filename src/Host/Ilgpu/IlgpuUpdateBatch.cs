using GpuOptim.Host.Ilgpu.Steps;
using GpuOptim.Kernels;
using ILGPU;
using ILGPU.Runtime;

namespace GpuOptim.Host.Ilgpu;

/// <summary>A fused update whose table lies in device memory.</summary>
internal sealed class IlgpuUpdateBatch(IlgpuQueue queue, UpdateTypes types, ReadOnlySpan<UpdateSegment> segments)
    : UpdateBatch(types, segments)
{
    private MemoryBuffer1D<byte, Stride1D.Dense>? _work;

    public IlgpuUpdateTable Table { get; } = new(queue, segments, types.IsEncoded);

    /// <summary>The step of an update that is no part of another; null as long as there was none.</summary>
    public IlgpuStep? OwnStep { get; set; }

    /// <summary>Memory to work in, always as many bytes; made when it is first asked for.</summary>
    public MemoryBuffer1D<byte, Stride1D.Dense> Work(long bytes)
    {
        if (_work is not null)
            return _work;
        using var scope = queue.Enter();
        return _work = queue.Allocate(bytes);
    }

    /// <summary>What it holds, once it was asked for as doubles.</summary>
    public ArrayView<double> Sums => _work!.View.BaseView.Cast<double>();

    public override void Dispose()
    {
        OwnStep?.Dispose();
        if (_work is not null && !queue.IsGone)
        {
            using var scope = queue.Enter();
            _work.Dispose();
        }
        Table.Dispose();
        base.Dispose();
    }
}
