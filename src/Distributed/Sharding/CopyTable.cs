using GpuOptim.Host;
using GpuOptim.Kernels.Rules;

namespace GpuOptim.Distributed.Sharding;

/// <summary>Copies tensors within a device's memory, all in one launch, from one element type to another if need be.</summary>
internal sealed class CopyTable : IDisposable
{
    private readonly Device _device;
    private readonly UpdateBatch _table;

    /// <param name="device">The device.</param>
    /// <param name="to">The type that is written.</param>
    /// <param name="from">The type that is read.</param>
    /// <param name="destinations">Where each tensor is written, and how long it is.</param>
    public CopyTable(Device device, ElementType to, ElementType from, IEnumerable<(nint Address, long Length)> destinations)
    {
        _device = device;
        _table = device.CreateUpdateBatch(to, ElementType.Float32, [.. destinations.Select(each => new UpdateSegment(each.Address, 0, 0, 0, each.Length))]);
        _table.GradientType = from;
    }

    /// <summary>Where each tensor is read; 0 leaves what is there.</summary>
    public Span<nint> Sources => _table.Gradients;

    /// <summary>Copies.</summary>
    public void Run() => Run<CopyRule>(default);

    /// <summary>Does something else than to copy.</summary>
    public void Run<TRule>(TRule rule) where TRule : unmanaged, IUpdateRule => _device.Update([rule], _table);

    public void Dispose() => _table.Dispose();
}
