using ILGPU.Runtime;

namespace GpuOptim.Host.Ilgpu;

/// <summary>A fused update whose table lies in device memory.</summary>
internal sealed class IlgpuUpdateBatch(
    Accelerator accelerator, AcceleratorStream stream, ElementType elementType, ElementType stateType, ReadOnlySpan<UpdateSegment> segments)
    : UpdateBatch(elementType, stateType, segments)
{
    public IlgpuUpdateTable Table { get; } = new(accelerator, stream, segments);

    public override void Dispose()
    {
        Table.Dispose();
        base.Dispose();
    }
}
