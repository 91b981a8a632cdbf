namespace GpuOptim.Distributed;

/// <summary>What is known of wire types.</summary>
internal static class WireTypes
{
    /// <summary>Bytes of one element.</summary>
    public static int Size(this WireType type) => type switch
    {
        WireType.Byte => 1,
        WireType.Float16 or WireType.BFloat16 => 2,
        WireType.Float32 => 4,
        WireType.Float64 => 8,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, $"type must be one of {string.Join(", ", Enum.GetNames<WireType>())}."),
    };

    /// <summary>How numbers of a tensor travel.</summary>
    public static WireType Of(ElementType type) => type switch
    {
        ElementType.Float32 => WireType.Float32,
        ElementType.BFloat16 => WireType.BFloat16,
        ElementType.Float16 => WireType.Float16,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "type must be Float32, BFloat16 or Float16."),
    };
}
