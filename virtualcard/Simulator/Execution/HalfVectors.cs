using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace VirtualCard.Execution;

/// <summary>Numbers of 16 bits, in the low halves of lanes of 32, to and from float.</summary>
internal static class HalfVectors
{
    /// <summary>bfloat16 is the upper half of a float.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> FromBFloat16(Vector256<uint> bits) => (bits << 16).AsSingle();

    /// <summary>binary16: scaled, so that its subnormals become right by the multiplication.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> FromFloat16(Vector256<uint> bits)
    {
        const float Scale = 5.192296858534828e33f;
        var magnitude = (bits & Vector256.Create(0x7FFFu)) << 13;
        var value = (magnitude.AsSingle() * Scale).AsUInt32();
        var special = Vector256.GreaterThanOrEqual(magnitude, Vector256.Create(0x7C00u << 13));
        value |= special & Vector256.Create(0x7F800000u);
        return (value | ((bits & Vector256.Create(0x8000u)) << 16)).AsSingle();
    }

    /// <summary>Rounds to nearest, ties to even; any NaN becomes 0x7FFF.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> ToBFloat16(Vector256<float> value)
    {
        var bits = value.AsUInt32();
        var rounded = (bits + Vector256.Create(0x7FFFu) + ((bits >>> 16) & Vector256<uint>.One)) >>> 16;
        return Vector256.ConditionalSelect(Vector256.Equals(value, value).AsUInt32(), rounded, Vector256.Create(0x7FFFu));
    }

    /// <summary>Rounds to nearest, ties to even; any NaN becomes 0x7FFF.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> ToFloat16(Vector256<float> value)
    {
        var bits = value.AsUInt32();
        var magnitude = bits & Vector256.Create(0x7FFFFFFFu);
        // A sum with 0.5 leaves a subnormal's bits, rounded, at the lower end.
        var subnormal = (magnitude.AsSingle() + Vector256.Create(0.5f)).AsUInt32() - Vector256.Create(0x3F000000u);
        var normal = (magnitude + Vector256.Create(0xC8000FFFu) + ((magnitude >>> 13) & Vector256<uint>.One)) >>> 13;
        var result = Vector256.ConditionalSelect(Vector256.LessThan(magnitude, Vector256.Create(0x38800000u)), subnormal, normal);
        result = Vector256.ConditionalSelect(Vector256.GreaterThanOrEqual(magnitude, Vector256.Create(0x47800000u)), Vector256.Create(0x7C00u), result);
        result |= (bits >>> 16) & Vector256.Create(0x8000u);
        return Vector256.ConditionalSelect(Vector256.Equals(value, value).AsUInt32(), result, Vector256.Create(0x7FFFu));
    }
}
