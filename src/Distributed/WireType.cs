namespace GpuOptim.Distributed;

/// <summary>The type of the numbers that a collective moves.</summary>
public enum WireType
{
    /// <summary>Bytes, which are moved as they are; they cannot be added.</summary>
    Byte,

    /// <summary>Half precision, IEEE 754 binary16.</summary>
    Float16,

    /// <summary>bfloat16.</summary>
    BFloat16,

    /// <summary>Single precision.</summary>
    Float32,

    /// <summary>Double precision.</summary>
    Float64,
}
