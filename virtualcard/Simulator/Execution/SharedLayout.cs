using VirtualCard.Ptx;

namespace VirtualCard.Execution;

/// <summary>Where the .shared variables of a kernel lie. The array without a size comes last; how long it is, each launch says.</summary>
internal sealed class SharedLayout
{
    /// <summary>The first 1024 bytes are the system's, as on sm_80 and later.</summary>
    public const uint Base = 0x400;

    private const uint Gap = 128, DynamicAlignment = 1024;

    private readonly Dictionary<Variable, uint> _addresses = [];

    private readonly Variable? _dynamic;

    private readonly uint _top;

    public SharedLayout(IEnumerable<Variable> variables)
    {
        var top = Base;
        long used = 0;
        List<Variable> withoutSize = [];
        foreach (var variable in variables)
        {
            if (variable.Count == -1)
            {
                withoutSize.Add(variable);
                continue;
            }
            // The bank of each byte is that of an array which starts at the first.
            var align = (uint)Math.Max(variable.Align, (int)Gap);
            top = Whole(top, align);
            _addresses[variable] = top;
            Statics.Add((top, (uint)variable.Size, variable.Name, variable.Align));
            used = (used + variable.Align - 1) / variable.Align * variable.Align + variable.Size;
            top += (uint)variable.Size + Gap;
        }
        StaticBytes = used;
        _top = Whole(top, DynamicAlignment);
        foreach (var variable in withoutSize)
            _addresses[variable] = _top;
        _dynamic = withoutSize.FirstOrDefault();
    }

    /// <summary>Bytes that the text declares.</summary>
    public long StaticBytes { get; }

    private List<(uint Start, uint Size, string Name, int Align)> Statics { get; } = [];

    public bool TryGetAddress(Variable variable, out uint address) => _addresses.TryGetValue(variable, out address);

    /// <summary>The regions of a launch, and the bytes that they span.</summary>
    public (Regions Regions, int Bytes) WithDynamic(int bytes)
    {
        var regions = new Regions();
        foreach (var (start, size, name, align) in Statics)
            regions.Add(start, size, name, align);
        var end = _addresses.Count > 0 ? _top : Base;
        if (_dynamic is not null && bytes > 0)
        {
            regions.Add(_top, (uint)bytes, _dynamic.Name, Math.Max(16, _dynamic.Align));
            end += (uint)bytes;
        }
        return (regions, (int)Whole(end - Base, Gap));
    }

    private static uint Whole(uint value, uint unit) => (value + unit - 1) / unit * unit;
}
