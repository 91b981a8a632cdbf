namespace VirtualCard.Ptx;

/// <summary>What is known of a type.</summary>
public static class PtxTypes
{
    private static readonly Dictionary<string, PtxType> _byName = Enum.GetValues<PtxType>().ToDictionary(Name, StringComparer.Ordinal);

    private static readonly Dictionary<string, PtxType>.AlternateLookup<ReadOnlySpan<char>> _bySpan = _byName.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>The name in PTX text, without a dot.</summary>
    public static string Name(this PtxType type) => type.ToString().ToLowerInvariant();

    public static bool TryParse(ReadOnlySpan<char> name, out PtxType type) => _bySpan.TryGetValue(name, out type);

    /// <summary>Bytes in memory; one for a predicate.</summary>
    public static int Size(this PtxType type) => type switch
    {
        PtxType.Pred or PtxType.B8 or PtxType.U8 or PtxType.S8 => 1,
        PtxType.B16 or PtxType.U16 or PtxType.S16 or PtxType.F16 or PtxType.BF16 => 2,
        PtxType.B64 or PtxType.U64 or PtxType.S64 or PtxType.F64 => 8,
        PtxType.B128 => 16,
        _ => 4,
    };

    public static int Bits(this PtxType type) => 8 * type.Size();

    public static bool IsSigned(this PtxType type) => type is PtxType.S8 or PtxType.S16 or PtxType.S32 or PtxType.S64;

    /// <summary>Bits without a meaning, or an integer.</summary>
    public static bool IsInteger(this PtxType type) => type.Name()[0] is 'b' or 'u' or 's' && type is not (PtxType.BF16 or PtxType.BF16x2);

    /// <summary>The untyped bits of the same width.</summary>
    public static PtxType Untyped(this PtxType type) => type.Size() switch
    {
        1 => PtxType.B8,
        2 => PtxType.B16,
        4 => PtxType.B32,
        8 => PtxType.B64,
        _ => PtxType.B128,
    };
}
