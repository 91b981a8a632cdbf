namespace GpuOptim.Optimizers.Checkpoints.Torch;

/// <summary>An element type as PyTorch's files write it: the class of the storage.</summary>
/// <param name="Storage">The class, without its module.</param>
/// <param name="Name">What the type is called here.</param>
/// <param name="Size">Bytes an element.</param>
/// <param name="Type">The same type of a parameter; null if parameters cannot have it.</param>
internal sealed record TorchElement(string Storage, string Name, int Size, ElementType? Type = null)
{
    /// <summary>All that are read.</summary>
    public static IReadOnlyDictionary<string, TorchElement> All { get; } = new TorchElement[]
    {
        new("FloatStorage", "Float32", 4, ElementType.Float32),
        new("BFloat16Storage", "BFloat16", 2, ElementType.BFloat16),
        new("HalfStorage", "Float16", 2, ElementType.Float16),
        new("DoubleStorage", "Float64", 8),
        new("LongStorage", "Int64", 8),
        new("IntStorage", "Int32", 4),
        new("ShortStorage", "Int16", 2),
        new("CharStorage", "Int8", 1),
        new("ByteStorage", "UInt8", 1),
        new("BoolStorage", "Bool", 1),
        new("ComplexFloatStorage", "Complex64", 8),
        new("ComplexDoubleStorage", "Complex128", 16),
    }.ToDictionary(element => element.Storage);

    /// <summary>That of a name.</summary>
    /// <exception cref="ArgumentException">No type is called so.</exception>
    public static TorchElement Named(string name) => All.Values.FirstOrDefault(element => element.Name == name)
        ?? throw new ArgumentException($"The element type must be one of {string.Join(", ", All.Values.Select(element => element.Name))}. Actual type was {name}.", nameof(name));

    /// <summary>That of a parameter.</summary>
    public static TorchElement Of(ElementType type) => All.Values.First(element => element.Type == type);
}
