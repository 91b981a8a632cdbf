using System.Runtime.CompilerServices;

namespace VirtualCard.Execution;

/// <summary>Ranges of the addresses of a block's or a thread's own memory, with gaps between them, so that who leaves one is caught.</summary>
internal sealed class Regions
{
    private (uint Start, uint End, string Name, int Align)[] _regions = [];

    private readonly HashSet<(string Name, int Declared, int Used)> _underAligned = [];

    /// <summary>Accesses that rely on more alignment than is declared.</summary>
    public IEnumerable<(string Name, int Declared, int Used)> UnderAligned
    {
        get
        {
            lock (_underAligned)
                return [.. _underAligned.Order()];
        }
    }

    public void Add(uint start, uint size, string name, int align) => _regions = [.. _regions, (start, start + size, name, align)];

    /// <summary>The region with all bytes of an access, or -1.</summary>
    public int Find(ulong address, int size)
    {
        for (var i = 0; i < _regions.Length; i++)
        {
            if (address >= _regions[i].Start && address + (uint)size <= _regions[i].End)
                return i;
        }
        return -1;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Contains(int region, ulong address, int size)
    {
        var regions = _regions;
        if ((uint)region >= (uint)regions.Length)
            return false;
        ref var known = ref regions[region];
        return address >= known.Start && address + (uint)size <= known.End;
    }

    /// <summary>Notes that an access relies on the alignment of a region.</summary>
    public void Rely(int region, int align)
    {
        var (_, _, name, declared) = _regions[region];
        if (align <= declared)
            return;
        lock (_underAligned)
            _underAligned.Add((name, declared, align));
    }

    public void Forget()
    {
        lock (_underAligned)
            _underAligned.Clear();
    }

    /// <summary>Where an address lies, or beside what.</summary>
    public string Describe(ulong address)
    {
        foreach (var (start, end, name, _) in _regions)
        {
            if (address >= start && address < end)
                return $"{name}+{address - start}";
        }
        List<string> parts = [];
        foreach (var (start, end, name, _) in _regions)
        {
            if (address >= end && !_regions.Any(other => other.Start > start && other.Start <= address))
                parts.Add($"{name}+{address - start}, {address - end} past its end");
            if (address < start && !_regions.Any(other => other.Start < start && other.Start > address))
                parts.Add($"{start - address} before {name}");
        }
        return string.Join("; ", parts);
    }
}
