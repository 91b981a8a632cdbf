namespace VirtualCard.Ptx;

/// <summary>What the names between braces mean.</summary>
internal sealed class Scope(Scope? parent)
{
    private readonly Scope? _parent = parent;

    private Dictionary<string, Operand>? _names;

    private Dictionary<string, Label>? _labels;

    /// <summary>The registers and variables of this scope alone.</summary>
    public IEnumerable<Operand> Names => _names?.Values ?? Enumerable.Empty<Operand>();

    /// <summary>Whether the name was free.</summary>
    public bool TryDeclare(string name, Operand meaning) => (_names ??= new(StringComparer.Ordinal)).TryAdd(name, meaning);

    public bool TryDeclare(Label label) => (_labels ??= new(StringComparer.Ordinal)).TryAdd(label.Name, label);

    /// <summary>The register or variable of that name, here or in a scope around.</summary>
    public Operand? Find(ReadOnlySpan<char> name)
    {
        for (var scope = this; scope is not null; scope = scope._parent)
        {
            if (scope._names is { } names && names.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(name, out var meaning))
                return meaning;
        }
        return null;
    }

    public Label? FindLabel(string name)
    {
        for (var scope = this; scope is not null; scope = scope._parent)
        {
            if (scope._labels is { } labels && labels.TryGetValue(name, out var label))
                return label;
        }
        return null;
    }
}
