using ILGPU.Runtime;

namespace GpuOptim.Host.Ilgpu;

/// <summary>The table of a fused update in device memory.</summary>
internal sealed class IlgpuUpdateBatch : UpdateBatch
{
    private readonly IlgpuUpdateTable _table;

    public IlgpuUpdateBatch(Accelerator accelerator, AcceleratorStream stream, ElementType elementType, ElementType stateType, ReadOnlySpan<UpdateSegment> segments)
        : base(elementType, stateType, segments) => _table = new(accelerator, stream, segments);

    public IlgpuUpdateTable Table => _table;

    public override void Dispose()
    {
        _table.Dispose();
        base.Dispose();
    }
}
