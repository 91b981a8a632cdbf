namespace GpuOptim.Optimizers.Checkpoints.Torch;

/// <summary>An element type as PyTorch's files write it: the class of the storage, or the type itself.</summary>
/// <param name="Storage">The class, without its module. That of bytes also has other types, which then are said beside.</param>
/// <param name="Name">What the type is called here.</param>
/// <param name="Size">Bytes an element.</param>
/// <param name="Type">The same type of a parameter; null if parameters cannot have it.</param>
internal sealed record TorchElement(string Storage, string Name, int Size, ElementType? Type = null)
{
    private const string Untyped = "UntypedStorage";

    private static readonly (string Type, TorchElement Element)[] _classic =
    [
        ("float32", new("FloatStorage", "Float32", 4, ElementType.Float32)),
        ("bfloat16", new("BFloat16Storage", "BFloat16", 2, ElementType.BFloat16)),
        ("float16", new("HalfStorage", "Float16", 2, ElementType.Float16)),
        ("float64", new("DoubleStorage", "Float64", 8)),
        ("int64", new("LongStorage", "Int64", 8)),
        ("int32", new("IntStorage", "Int32", 4)),
        ("int16", new("ShortStorage", "Int16", 2)),
        ("int8", new("CharStorage", "Int8", 1)),
        ("uint8", new("ByteStorage", "UInt8", 1)),
        ("bool", new("BoolStorage", "Bool", 1)),
        ("complex64", new("ComplexFloatStorage", "Complex64", 8)),
        ("complex128", new("ComplexDoubleStorage", "Complex128", 16)),
    ];

    /// <summary>Types that nothing here computes with.</summary>
    private static readonly (string Type, TorchElement Element)[] _carried =
    [
        ("qint8", new("QInt8Storage", "QInt8", 1)),
        ("quint8", new("QUInt8Storage", "QUInt8", 1)),
        ("qint32", new("QInt32Storage", "QInt32", 4)),
        ("quint4x2", new("QUInt4x2Storage", "QUInt4x2", 1)),
        ("quint2x4", new("QUInt2x4Storage", "QUInt2x4", 1)),
        ("float8_e4m3fn", new(Untyped, "Float8_e4m3fn", 1)),
        ("float8_e4m3fnuz", new(Untyped, "Float8_e4m3fnuz", 1)),
        ("float8_e5m2", new(Untyped, "Float8_e5m2", 1)),
        ("float8_e5m2fnuz", new(Untyped, "Float8_e5m2fnuz", 1)),
        ("float8_e8m0fnu", new(Untyped, "Float8_e8m0fnu", 1)),
        ("float4_e2m1fn_x2", new(Untyped, "Float4_e2m1fn_x2", 1)),
        ("uint16", new(Untyped, "UInt16", 2)),
        ("uint32", new(Untyped, "UInt32", 4)),
        ("uint64", new(Untyped, "UInt64", 8)),
        ("bits8", new(Untyped, "Bits8", 1)),
        ("bits16", new(Untyped, "Bits16", 2)),
        ("bits1x8", new(Untyped, "Bits1x8", 1)),
        ("bits2x4", new(Untyped, "Bits2x4", 1)),
        ("bits4x2", new(Untyped, "Bits4x2", 1)),
        ("complex32", new(Untyped, "Complex32", 4)),
        ("bcomplex32", new(Untyped, "BComplex32", 4)),
    ];

    /// <summary>All that are read and written, by the class of their storage.</summary>
    public static IReadOnlyDictionary<string, TorchElement> All { get; } = _classic.ToDictionary(pair => pair.Element.Storage, pair => pair.Element);

    /// <summary>All that are read, by the class of their storage.</summary>
    public static IReadOnlyDictionary<string, TorchElement> Storages { get; } =
        _classic.Concat(_carried).Select(pair => pair.Element).Where(element => element.Storage != Untyped).Append(new(Untyped, "Untyped", 1)).ToDictionary(element => element.Storage);

    /// <summary>All that are read, by PyTorch's name of the type with its module.</summary>
    public static IReadOnlyDictionary<string, TorchElement> Types { get; } = _classic.Concat(_carried).ToDictionary(pair => $"torch.{pair.Type}", pair => pair.Element);

    /// <summary>Whether these are bytes whose type is not said.</summary>
    public bool IsUntyped => Name == "Untyped";

    /// <summary>Whether a tensor has several elements a byte of its storage.</summary>
    public bool IsPacked => Name is "QUInt4x2" or "QUInt2x4";

    /// <summary>That of a name.</summary>
    /// <exception cref="ArgumentException">No type is called so.</exception>
    public static TorchElement Named(string name) => All.Values.FirstOrDefault(element => element.Name == name)
        ?? throw new ArgumentException($"The element type must be one of {string.Join(", ", All.Values.Select(element => element.Name))}. Actual type was {name}.", nameof(name));

    /// <summary>That of a parameter.</summary>
    public static TorchElement Of(ElementType type) => All.Values.First(element => element.Type == type);

    /// <summary>What the pickle says.</summary>
    public override string ToString() => $"torch.{Storage}";
}
