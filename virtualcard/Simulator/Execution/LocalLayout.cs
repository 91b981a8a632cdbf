using VirtualCard.Ptx;

namespace VirtualCard.Execution;

/// <summary>Where the .local variables lie, in each thread's own memory.</summary>
internal sealed class LocalLayout
{
    public const uint Base = 0x100;

    private const uint Gap = 16;

    private readonly Dictionary<Variable, uint> _addresses = [];

    public LocalLayout(IEnumerable<Variable> variables)
    {
        var top = Base;
        uint declared = 0;
        foreach (var variable in variables)
        {
            var align = (uint)Math.Max(variable.Align, (int)Gap);
            top = (top + align - 1) / align * align;
            _addresses[variable] = top;
            Regions.Add(top, (uint)variable.Size, variable.Name, variable.Align);
            top += (uint)variable.Size + Gap;
            declared = (declared + (uint)variable.Align - 1) / (uint)variable.Align * (uint)variable.Align + (uint)variable.Size;
        }
        DeclaredBytes = (int)declared;
        Bytes = (int)((top - Base + Gap - 1) / Gap * Gap);
    }

    public Regions Regions { get; } = new();

    /// <summary>Of a thread, as the text has them.</summary>
    public int DeclaredBytes { get; }

    /// <summary>Of a thread, with the gaps.</summary>
    public int Bytes { get; }

    public bool TryGetAddress(Variable variable, out uint address) => _addresses.TryGetValue(variable, out address);
}
