using VirtualCard.Driver.Blocks;

namespace VirtualCard.Driver;

/// <summary>The device memory of all cards.</summary>
internal sealed class DeviceMemory
{
    private readonly Dictionary<ulong, DeviceBlock> _blocks = [];

    private int _last;

    public IReadOnlyCollection<DeviceBlock> Living => _blocks.Values;

    public DeviceBlock Allocate(CardContext context, long bytes)
    {
        var card = context.Card;
        if (bytes > card.MemoryBytes - card.UsedBytes)
            throw new DriverException(Result.OutOfMemory, null);
        var allocation = Machine.Memory.Allocate(bytes, $"device memory {++_last} ({bytes} bytes, {Machine.Call})", context, Machine.Options.TracksWrites);
        DeviceBlock block = new(allocation, context);
        _blocks.Add(allocation.Start, block);
        card.UsedBytes += bytes;
        Machine.Counters.Allocations++;
        Machine.Counters.PeakBytes = Math.Max(Machine.Counters.PeakBytes, Machine.Cards.Sum(each => each.UsedBytes));
        return block;
    }

    /// <exception cref="DriverException">There is no memory that starts here, or it is of another context.</exception>
    public DeviceBlock Find(ulong address, CardContext context)
    {
        if (!_blocks.TryGetValue(address, out var block))
            throw new DriverException(Result.InvalidValue, $"0x{address:x} is no start of device memory: {Machine.Memory.Describe(address)}");
        if (block.Context != context)
            throw new DriverException(Result.InvalidValue, $"{block} is of {block.Context}, not of the current {context}");
        return block.FreedBy is { } call ? throw new DriverException(Result.InvalidValue, $"{block} is freed already by {call}") : block;
    }

    public void Free(DeviceBlock block)
    {
        if (!_blocks.Remove(block.Allocation.Start))
            return;
        block.Context.Card.UsedBytes -= block.Allocation.Length;
        Machine.Memory.Remove(block.Allocation);
    }

    public void FreeAll(CardContext context)
    {
        foreach (var block in _blocks.Values.Where(block => block.Context == context).ToArray())
            Free(block);
    }
}
