namespace GpuOptim.Host.Ilgpu;

/// <summary>A fused update whose table lies in device memory.</summary>
internal sealed class IlgpuUpdateBatch(IlgpuQueue queue, ElementType elementType, ElementType stateType, ReadOnlySpan<UpdateSegment> segments)
    : UpdateBatch(elementType, stateType, segments)
{
    public IlgpuUpdateTable Table { get; } = new(queue, segments);

    public override void Dispose()
    {
        Table.Dispose();
        base.Dispose();
    }
}
