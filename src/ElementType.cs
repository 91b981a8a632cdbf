namespace GpuOptim;

/// <summary>How one number of a parameter, a gradient or optimizer state lies in memory.</summary>
public enum ElementType
{
    /// <summary>IEEE 754 binary32, <see cref="float"/>: 4 bytes.</summary>
    Float32,

    /// <summary>The upper half of a binary32, <see cref="GpuOptim.BFloat16"/>: 2 bytes, 8 bits of exponent, 7 of fraction.</summary>
    BFloat16,

    /// <summary>IEEE 754 binary16, <see cref="Half"/>: 2 bytes, 5 bits of exponent, 10 of fraction.</summary>
    Float16,

    /// <summary>A code of 8 bits, <see cref="byte"/>: of state that is encoded.</summary>
    UInt8,

    /// <summary>16 bits, <see cref="ushort"/>: the remainder of a parameter that is rounded.</summary>
    UInt16,
}

/// <summary>What an <see cref="ElementType"/> is in .NET.</summary>
public static class ElementTypes
{
    /// <summary>The element type that <typeparamref name="T"/> stores.</summary>
    /// <exception cref="NotSupportedException"><typeparamref name="T"/> is none of <see cref="float"/>, <see cref="GpuOptim.BFloat16"/>, <see cref="Half"/>, <see cref="byte"/>, <see cref="ushort"/>.</exception>
    public static ElementType Of<T>() where T : unmanaged =>
        typeof(T) == typeof(float) ? ElementType.Float32
        : typeof(T) == typeof(BFloat16) ? ElementType.BFloat16
        : typeof(T) == typeof(Half) ? ElementType.Float16
        : typeof(T) == typeof(byte) ? ElementType.UInt8
        : typeof(T) == typeof(ushort) ? ElementType.UInt16
        : throw new NotSupportedException($"Parameters and state are float, BFloat16 or Half. Actual type was {typeof(T).Name}.");

    /// <summary>Bytes that one element occupies.</summary>
    public static int Size(this ElementType type) => type switch
    {
        ElementType.Float32 => 4,
        ElementType.UInt8 => 1,
        _ => 2,
    };

    /// <summary>Whether numbers of the type are floats, as parameters and gradients are.</summary>
    internal static bool IsFloat(this ElementType type) => type is ElementType.Float32 or ElementType.BFloat16 or ElementType.Float16;

    /// <summary>The distance from 1 to the next number of a type of floats.</summary>
    internal static double Epsilon(this ElementType type) => type switch
    {
        ElementType.Float32 => 1.0 / (1 << 23),
        ElementType.BFloat16 => 1.0 / (1 << 7),
        _ => 1.0 / (1 << 10),
    };
}
