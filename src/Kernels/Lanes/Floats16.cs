using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace GpuOptim.Kernels.Lanes;

/// <summary>Sixteen floats in a 512-bit register.</summary>
internal unsafe struct Floats16(Vector512<float> value) : IFloats<Floats16>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    private Vector512<float> _value = value;

    public static int Count => 16;

    [MethodImpl(Inline)] public static Floats16 Create(float value) => new(Vector512.Create(value));

    [MethodImpl(Inline)] public static Floats16 Add(Floats16 a, Floats16 b) => new(a._value + b._value);
    [MethodImpl(Inline)] public static Floats16 Subtract(Floats16 a, Floats16 b) => new(a._value - b._value);
    [MethodImpl(Inline)] public static Floats16 Multiply(Floats16 a, Floats16 b) => new(a._value * b._value);
    [MethodImpl(Inline)] public static Floats16 Divide(Floats16 a, Floats16 b) => new(a._value / b._value);
    [MethodImpl(Inline)] public static Floats16 FusedMultiplyAdd(Floats16 a, Floats16 b, Floats16 c) => new(Vector512.FusedMultiplyAdd(a._value, b._value, c._value));
    [MethodImpl(Inline)] public static void Accumulate(ref Floats16 sum, Floats16 a, Floats16 b) => sum._value = Vector512.FusedMultiplyAdd(a._value, b._value, sum._value);
    [MethodImpl(Inline)] public static Floats16 Sqrt(Floats16 a) => new(Vector512.Sqrt(a._value));
    [MethodImpl(Inline)] public static Floats16 Negate(Floats16 a) => new(-a._value);
    [MethodImpl(Inline)] public static Floats16 Max(Floats16 a, Floats16 b) => new(Vector512.Max(a._value, b._value));

    [MethodImpl(Inline)]
    public static Floats16 Sign(Floats16 a)
    {
        var positive = Vector512.LessThan(Vector512<float>.Zero, a._value) & Vector512.Create(1f);
        var negative = Vector512.LessThan(a._value, Vector512<float>.Zero) & Vector512.Create(1f);
        return new(positive - negative);
    }

    [MethodImpl(Inline)]
    public static Floats16 RoundToBFloat16(Floats16 a)
    {
        var bits = a._value.AsUInt32();
        var even = (bits >> 16) & Vector512.Create(1u);
        var rounded = (bits + Vector512.Create(0x7FFFu) + even) & Vector512.Create(0xFFFF_0000u);
        return new(Vector512.ConditionalSelect(Vector512.Equals(a._value, a._value), rounded.AsSingle(), Vector512.Create(float.NaN)));
    }

    [MethodImpl(Inline)]
    public static Floats16 RoundToFloat16(Floats16 a)
    {
        var exponent = a._value.AsUInt32() & Vector512.Create(Bits16.InfinityBits);
        var clamped = Vector512.Min(Vector512.Max(exponent, Vector512.Create(Bits16.LowestExponent)), Vector512.Create(Bits16.HighestExponent));
        var shifter = (clamped + Vector512.Create(Bits16.ShifterAbove)).AsSingle();
        var rounded = (a._value + shifter - shifter) * Vector512.Create(Bits16.OverflowScale) * Vector512.Create(1 / Bits16.OverflowScale);
        return new(rounded | (a._value & Vector512.Create(-0f)));
    }

    [MethodImpl(Inline)] public static Floats16 Load(float* source) => new(Vector512.Load(source));
    [MethodImpl(Inline)] public static void Store(Floats16 value, float* destination) => value._value.Store(destination);
    [MethodImpl(Inline)] public static Floats16 LoadBFloat16(ushort* source) => new((Widen(source) << 16).AsSingle());
    [MethodImpl(Inline)] public static void StoreBFloat16(Floats16 value, ushort* destination) => Narrow(value._value.AsUInt32() >> 16, destination);

    [MethodImpl(Inline)]
    public static Floats16 LoadFloat16(ushort* source)
    {
        var bits = Widen(source);
        var magnitude = bits & Vector512.Create(0x7FFFu);
        var normal = (magnitude << 13) + Vector512.Create(Bits16.Rebias);
        var special = Vector512.GreaterThan(magnitude, Vector512.Create(0x7BFFu)) & Vector512.Create(Bits16.Rebias);
        var subnormal = Vector512.ConvertToSingle(magnitude.AsInt32()) * Vector512.Create(Bits16.Float16Quantum);
        var value = Vector512.ConditionalSelect(Vector512.LessThan(magnitude, Vector512.Create(0x400u)).AsSingle(), subnormal, (normal + special).AsSingle());
        return new(value | ((bits & Vector512.Create(0x8000u)) << 16).AsSingle());
    }

    [MethodImpl(Inline)]
    public static void StoreFloat16(Floats16 value, ushort* destination)
    {
        var sign = (value._value.AsUInt32() >> 16) & Vector512.Create(0x8000u);
        var magnitude = Vector512.Abs(value._value);
        var normal = (magnitude.AsUInt32() - Vector512.Create(Bits16.Rebias)) >> 13;
        var subnormal = (magnitude + Vector512.Create(0.5f)).AsUInt32() - Vector512.Create(0.5f).AsUInt32();
        var bits = Vector512.ConditionalSelect(Vector512.LessThan(magnitude, Vector512.Create(Bits16.Float16SmallestNormal)).AsUInt32(), subnormal, normal);
        bits = Vector512.ConditionalSelect(Vector512.LessThan(magnitude, Vector512.Create(65536f)).AsUInt32(), bits, Vector512.Create(0x7C00u));
        bits = Vector512.ConditionalSelect(Vector512.Equals(magnitude, magnitude).AsUInt32(), bits, Vector512.Create(0x7E00u));
        Narrow(bits | sign, destination);
    }

    [MethodImpl(Inline)]
    private static Vector512<uint> Widen(ushort* source) => Vector512.WidenLower(Vector256.Load(source).ToVector512Unsafe());

    [MethodImpl(Inline)]
    private static void Narrow(Vector512<uint> value, ushort* destination) => Vector512.Narrow(value, value).GetLower().Store(destination);
}
