namespace GpuOptim.Host;

/// <summary>
/// The memory of an optimizer's state. Tensors that come together lie in one allocation, each on a cache line's boundary, and never move.
/// </summary>
internal sealed class StateArena(Device device) : IDisposable
{
    private const int Alignment = 64;

    private readonly List<DeviceBuffer> _blocks = [];

    /// <summary>A zeroed tensor of one type for each length, all in one allocation.</summary>
    public DeviceBuffer[] Allocate(ElementType elementType, ReadOnlySpan<long> lengths)
    {
        var quantum = Alignment / elementType.Size();
        var starts = new long[lengths.Length];
        var total = 0L;
        for (var i = 0; i < lengths.Length; i++)
        {
            starts[i] = total;
            total = checked(total + (lengths[i] + quantum - 1) / quantum * quantum);
        }

        var block = device.CreateBuffer(elementType, total);
        _blocks.Add(block);
        var tensors = new DeviceBuffer[lengths.Length];
        for (var i = 0; i < lengths.Length; i++)
            tensors[i] = block.SliceUntyped(starts[i], lengths[i]);
        return tensors;
    }

    public void Dispose()
    {
        foreach (var block in _blocks)
            block.Dispose();
    }
}
