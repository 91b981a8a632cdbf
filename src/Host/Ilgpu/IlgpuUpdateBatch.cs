using GpuOptim.Host.Ilgpu.Steps;
using GpuOptim.Kernels;

namespace GpuOptim.Host.Ilgpu;

/// <summary>A fused update whose table lies in device memory.</summary>
internal sealed class IlgpuUpdateBatch(IlgpuQueue queue, UpdateTypes types, ReadOnlySpan<UpdateSegment> segments)
    : UpdateBatch(types, segments)
{
    public IlgpuUpdateTable Table { get; } = new(queue, segments, types.IsEncoded);

    /// <summary>The step of an update that is no part of another; null as long as there was none.</summary>
    public IlgpuStep? OwnStep { get; set; }

    public override void Dispose()
    {
        OwnStep?.Dispose();
        Table.Dispose();
        base.Dispose();
    }
}
