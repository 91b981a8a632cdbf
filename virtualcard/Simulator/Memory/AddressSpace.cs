using System.Runtime.InteropServices;

namespace VirtualCard.Memory;

/// <summary>All memory that kernels can reach: one for all cards of a process, since addresses are unified. Safe for several threads.</summary>
public sealed unsafe class AddressSpace : IDisposable
{
    /// <summary>What fresh memory holds, in each 16 bits: a NaN of every float type.</summary>
    public const ushort Poison = 0x7FFF;

    /// <summary>Device memory starts at multiples of it, as on a card.</summary>
    public const int Alignment = 256;

    private const long MaxKept = 64 << 20;

    private readonly Lock _lock = new();

    private readonly List<Allocation> _freed = [];

    // Freed memory whose addresses are not given away yet: what still uses it is found out.
    private readonly Queue<Allocation> _kept = [];

    private long _keptBytes;

    // Sorted by start; replaced, never changed, so that kernels read it without a lock.
    private volatile Allocation[] _allocations = [];

    /// <summary>Allocates memory of the card, filled with <see cref="Poison"/>, so many bytes behind a multiple of <see cref="Alignment"/>.</summary>
    public Allocation Allocate(long length, string name, object? owner = null, bool isTracked = true)
    {
        var data = (byte*)NativeMemory.AlignedAlloc((nuint)Math.Max(length, 1), Alignment);
        for (long done = 0; done < length; done += 1 << 30)
            MemoryMarshal.Cast<byte, ushort>(new Span<byte>(data + done, (int)Math.Min(length - done, 1 << 30))).Fill(Poison);
        if ((length & 1) != 0)
            data[length - 1] = Poison & 0xFF;
        return Add(new(AllocationKind.Device, data, length, ownsData: true, isTracked, name, owner));
    }

    /// <summary>Lets kernels use memory of the host, page-locked by the driver or by the caller.</summary>
    public Allocation Register(byte* data, long length, string name, object? owner = null) =>
        Add(new(AllocationKind.Host, data, length, ownsData: false, isTracked: false, name, owner));

    /// <summary>Takes memory away again, and frees what <see cref="Allocate"/> made. What touches it from now on is told so.</summary>
    public void Remove(Allocation allocation)
    {
        lock (_lock)
        {
            _allocations = [.. _allocations.Where(other => other != allocation)];
            _freed.Add(allocation);
            if (_freed.Count > 1000)
                _freed.RemoveAt(0);
            allocation.Retire();
            _kept.Enqueue(allocation);
            _keptBytes += allocation.Length;
            while (_keptBytes > MaxKept)
                ReleaseOldest();
        }
    }

    /// <summary>The allocation that an address lies in, or null.</summary>
    public Allocation? Find(ulong address)
    {
        var allocations = _allocations;
        int low = 0, high = allocations.Length;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (allocations[middle].Start <= address)
                low = middle + 1;
            else
                high = middle;
        }
        return low > 0 && address < allocations[low - 1].End ? allocations[low - 1] : null;
    }

    /// <summary>Says where an address lies, for a report: in which allocation, how far beside the nearest, or in which one that was freed.</summary>
    public string Describe(ulong address)
    {
        lock (_lock)
        {
            foreach (var allocation in _allocations)
            {
                if (address >= allocation.Start && address < allocation.End)
                    return $"{allocation.Name}+{address - allocation.Start}";
            }
            for (var i = _freed.Count - 1; i >= 0; i--)
            {
                if (address >= _freed[i].Start && address < _freed[i].End)
                    return $"{_freed[i].Name}+{address - _freed[i].Start}, which was freed";
            }
            var before = _allocations.LastOrDefault(allocation => allocation.End <= address);
            var behind = _allocations.FirstOrDefault(allocation => allocation.Start > address);
            const ulong Near = 1 << 20;
            List<string> parts = [];
            if (before is not null && address - before.End < Near)
                parts.Add($"{address - before.End} bytes past the end of {before.Name}");
            if (behind is not null && behind.Start - address < Near)
                parts.Add($"{behind.Start - address} bytes before {behind.Name}");
            return parts.Count > 0 ? string.Join("; ", parts) : address < 4096 ? "null" : "no memory that the card knows";
        }
    }

    /// <summary>All that is there, by address.</summary>
    public IReadOnlyList<Allocation> Allocations => _allocations;

    public void Dispose()
    {
        foreach (var allocation in _allocations)
            Remove(allocation);
        lock (_lock)
        {
            while (_kept.Count > 0)
                ReleaseOldest();
        }
    }

    private void ReleaseOldest()
    {
        var oldest = _kept.Dequeue();
        _keptBytes -= oldest.Length;
        oldest.Release();
    }

    private Allocation Add(Allocation allocation)
    {
        lock (_lock)
        {
            var place = Array.FindIndex(_allocations, other => other.Start > allocation.Start);
            place = place < 0 ? _allocations.Length : place;
            _allocations = [.. _allocations[..place], allocation, .. _allocations[place..]];
            _freed.RemoveAll(old => old.Start < allocation.End && allocation.Start < old.End);
        }
        return allocation;
    }
}
