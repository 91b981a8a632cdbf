using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace GpuOptim.Kernels.Lanes;

/// <summary>Eight floats in a 256-bit register.</summary>
internal unsafe struct Floats8(Vector256<float> value) : IFloats<Floats8>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    private Vector256<float> _value = value;

    public static int Count => 8;

    /// <summary>The register.</summary>
    public readonly Vector256<float> Vector => _value;

    [MethodImpl(Inline)] public static Floats8 Create(float value) => new(Vector256.Create(value));

    [MethodImpl(Inline)] public static Floats8 Add(Floats8 a, Floats8 b) => new(a._value + b._value);
    [MethodImpl(Inline)] public static Floats8 Subtract(Floats8 a, Floats8 b) => new(a._value - b._value);
    [MethodImpl(Inline)] public static Floats8 Multiply(Floats8 a, Floats8 b) => new(a._value * b._value);
    [MethodImpl(Inline)] public static Floats8 Divide(Floats8 a, Floats8 b) => new(a._value / b._value);
    [MethodImpl(Inline)] public static Floats8 FusedMultiplyAdd(Floats8 a, Floats8 b, Floats8 c) => new(Vector256.FusedMultiplyAdd(a._value, b._value, c._value));
    [MethodImpl(Inline)] public static void Accumulate(ref Floats8 sum, Floats8 a, Floats8 b) => sum._value = Vector256.FusedMultiplyAdd(a._value, b._value, sum._value);
    [MethodImpl(Inline)] public static Floats8 Sqrt(Floats8 a) => new(Vector256.Sqrt(a._value));
    [MethodImpl(Inline)] public static Floats8 Negate(Floats8 a) => new(-a._value);
    [MethodImpl(Inline)] public static Floats8 Max(Floats8 a, Floats8 b) => new(Vector256.Max(a._value, b._value));

    [MethodImpl(Inline)]
    public static Floats8 Sign(Floats8 a)
    {
        var positive = Vector256.LessThan(Vector256<float>.Zero, a._value) & Vector256.Create(1f);
        var negative = Vector256.LessThan(a._value, Vector256<float>.Zero) & Vector256.Create(1f);
        return new(positive - negative);
    }

    [MethodImpl(Inline)]
    public static Floats8 RoundToBFloat16(Floats8 a)
    {
        var bits = a._value.AsUInt32();
        var even = (bits >> 16) & Vector256.Create(1u);
        var rounded = (bits + Vector256.Create(0x7FFFu) + even) & Vector256.Create(0xFFFF_0000u);
        return new(Vector256.ConditionalSelect(Vector256.Equals(a._value, a._value), rounded.AsSingle(), Vector256.Create(float.NaN)));
    }

    [MethodImpl(Inline)]
    public static Floats8 RoundToFloat16(Floats8 a)
    {
        var exponent = a._value.AsUInt32() & Vector256.Create(Bits16.InfinityBits);
        var clamped = Vector256.Min(Vector256.Max(exponent, Vector256.Create(Bits16.LowestExponent)), Vector256.Create(Bits16.HighestExponent));
        var shifter = (clamped + Vector256.Create(Bits16.ShifterAbove)).AsSingle();
        var rounded = (a._value + shifter - shifter) * Vector256.Create(Bits16.OverflowScale) * Vector256.Create(1 / Bits16.OverflowScale);
        return new(rounded | (a._value & Vector256.Create(-0f)));
    }

    [MethodImpl(Inline)] public static Floats8 Load(float* source) => new(Vector256.Load(source));
    [MethodImpl(Inline)] public static void Store(Floats8 value, float* destination) => value._value.Store(destination);
    [MethodImpl(Inline)] public static Floats8 LoadBFloat16(ushort* source) => new((Widen(source) << 16).AsSingle());
    [MethodImpl(Inline)] public static void StoreBFloat16(Floats8 value, ushort* destination) => Narrow(value._value.AsUInt32() >> 16, destination);

    [MethodImpl(Inline)]
    public static Floats8 LoadFloat16(ushort* source)
    {
        var bits = Widen(source);
        var magnitude = bits & Vector256.Create(0x7FFFu);
        var normal = (magnitude << 13) + Vector256.Create(Bits16.Rebias);
        var special = Vector256.GreaterThan(magnitude, Vector256.Create(0x7BFFu)) & Vector256.Create(Bits16.Rebias);
        var subnormal = Vector256.ConvertToSingle(magnitude.AsInt32()) * Vector256.Create(Bits16.Float16Quantum);
        var value = Vector256.ConditionalSelect(Vector256.LessThan(magnitude, Vector256.Create(0x400u)).AsSingle(), subnormal, (normal + special).AsSingle());
        return new(value | ((bits & Vector256.Create(0x8000u)) << 16).AsSingle());
    }

    [MethodImpl(Inline)]
    public static void StoreFloat16(Floats8 value, ushort* destination)
    {
        var sign = (value._value.AsUInt32() >> 16) & Vector256.Create(0x8000u);
        var magnitude = Vector256.Abs(value._value);
        var normal = (magnitude.AsUInt32() - Vector256.Create(Bits16.Rebias)) >> 13;
        var subnormal = (magnitude + Vector256.Create(0.5f)).AsUInt32() - Vector256.Create(0.5f).AsUInt32();
        var bits = Vector256.ConditionalSelect(Vector256.LessThan(magnitude, Vector256.Create(Bits16.Float16SmallestNormal)).AsUInt32(), subnormal, normal);
        bits = Vector256.ConditionalSelect(Vector256.LessThan(magnitude, Vector256.Create(65536f)).AsUInt32(), bits, Vector256.Create(0x7C00u));
        bits = Vector256.ConditionalSelect(Vector256.Equals(magnitude, magnitude).AsUInt32(), bits, Vector256.Create(0x7E00u));
        Narrow(bits | sign, destination);
    }

    [MethodImpl(Inline)]
    private static Vector256<uint> Widen(ushort* source) => Vector256.WidenLower(Vector128.Load(source).ToVector256Unsafe());

    [MethodImpl(Inline)]
    private static void Narrow(Vector256<uint> value, ushort* destination) => Vector256.Narrow(value, value).GetLower().Store(destination);
}
