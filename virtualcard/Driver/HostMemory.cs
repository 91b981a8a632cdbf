using System.Runtime.InteropServices;
using VirtualCard.Driver.Blocks;
using VirtualCard.Memory;

namespace VirtualCard.Driver;

/// <summary>Page-locked memory: allocated, or registered.</summary>
internal sealed unsafe class HostMemory
{
    private const int PageSize = 4096;

    private const long MaxQuarantine = 32 << 20;

    private readonly Dictionary<ulong, HostBlock> _blocks = [];

    // Freed memory that stays a while: what still uses it is found out, and hurts nobody.
    private readonly Queue<(ulong Start, long Length, string Name, CallId FreedBy)> _quarantine = [];

    private long _quarantined;

    private int _last;

    public IReadOnlyCollection<HostBlock> Living => _blocks.Values;

    public long PageLockedBytes => _blocks.Values.Sum(block => block.Allocation.Length);

    public HostBlock Allocate(CardContext context, long bytes, uint flags)
    {
        var data = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, PageSize);
        Poison(data, bytes);
        return Add(context, data, bytes, flags, isOwned: true);
    }

    public HostBlock Register(CardContext context, byte* data, long bytes, uint flags)
    {
        var (start, end) = ((ulong)data, (ulong)data + (ulong)bytes);
        var other = _blocks.Values.FirstOrDefault(block => block.Allocation.Start < end && start < block.Allocation.End);
        return other is null ? Add(context, data, bytes, flags, isOwned: false)
            : throw new DriverException(Result.HostMemoryAlreadyRegistered, $"the range overlaps {other}");
    }

    /// <summary>What starts at an address, or null.</summary>
    public HostBlock? Find(ulong address) => _blocks.GetValueOrDefault(address);

    /// <summary>What an address was in before it was freed, for a report, or null.</summary>
    public string? FindFreed(ulong address)
    {
        foreach (var (start, length, name, freedBy) in _quarantine)
        {
            if (address >= start && address < start + (ulong)length)
                return $"{name}+{address - start}, which was freed by {freedBy}";
        }
        return null;
    }

    public void Remove(HostBlock block)
    {
        var (start, length) = (block.Allocation.Start, block.Allocation.Length);
        if (!_blocks.Remove(start))
            return;
        Machine.Memory.Remove(block.Allocation);
        if (!block.IsOwned)
            return;
        Poison((byte*)start, length);
        _quarantine.Enqueue((start, length, block.ToString(), Machine.Call));
        _quarantined += length;
        while (_quarantined > MaxQuarantine)
        {
            var oldest = _quarantine.Dequeue();
            _quarantined -= oldest.Length;
            NativeMemory.AlignedFree((void*)oldest.Start);
        }
    }

    public void RemoveAll(CardContext context)
    {
        foreach (var block in _blocks.Values.Where(block => block.Context == context).ToArray())
            Remove(block);
    }

    /// <summary>Fills with NaNs of every float type.</summary>
    public static void Poison(byte* data, long bytes)
    {
        const int Most = 1 << 30;
        for (long done = 0; done < bytes; done += Most)
        {
            Span<byte> part = new(data + done, (int)Math.Min(bytes - done, Most));
            MemoryMarshal.Cast<byte, ushort>(part).Fill(AddressSpace.Poison);
            if ((part.Length & 1) != 0)
                part[^1] = AddressSpace.Poison & 0xFF;
        }
    }

    private HostBlock Add(CardContext context, byte* data, long bytes, uint flags, bool isOwned)
    {
        var name = $"{(isOwned ? "page-locked" : "registered")} memory {++_last} ({bytes} bytes, {Machine.Call})";
        HostBlock block = new(Machine.Memory.Register(data, bytes, name, context), context, isOwned, flags);
        _blocks.Add((ulong)data, block);
        return block;
    }
}
