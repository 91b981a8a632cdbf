using System.Globalization;

namespace GpuOptim;

/// <summary>
/// A bfloat16: the upper 16 bits of a <see cref="float"/>, so the same range with 8 significant bits.
/// </summary>
/// <remarks>
/// A number to store, not to compute with: arithmetic happens in <see cref="float"/>. Equality compares values as floats do,
/// so zero equals minus zero and NaN equals nothing by <c>==</c>, itself by <see cref="Equals(BFloat16)"/>.
/// </remarks>
/// <param name="bits">The representation: sign, 8 bits of exponent, 7 of fraction.</param>
public readonly struct BFloat16(ushort bits) : IEquatable<BFloat16>, IFormattable
{
    /// <summary>The representation: sign, 8 bits of exponent, 7 of fraction.</summary>
    public ushort Bits { get; } = bits;

    /// <summary>The nearest bfloat16, ties to even; beyond the largest it is infinite.</summary>
    public static explicit operator BFloat16(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value)
            ? new((ushort)((bits >> 16) | 0x40))
            : new((ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16));
    }

    /// <summary>The same number as a float; always exact.</summary>
    public static implicit operator float(BFloat16 value) => BitConverter.UInt32BitsToSingle((uint)value.Bits << 16);

    /// <summary>Whether two numbers are equal, as floats are.</summary>
    public static bool operator ==(BFloat16 left, BFloat16 right) => (float)left == right;

    /// <summary>Whether two numbers differ, as floats do.</summary>
    public static bool operator !=(BFloat16 left, BFloat16 right) => !(left == right);

    /// <inheritdoc/>
    public bool Equals(BFloat16 other) => ((float)this).Equals(other);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is BFloat16 other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => ((float)this).GetHashCode();

    /// <inheritdoc/>
    public override string ToString() => ToString(null, CultureInfo.CurrentCulture);

    /// <inheritdoc/>
    public string ToString(string? format, IFormatProvider? formatProvider) => ((float)this).ToString(format, formatProvider);
}
