using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace GpuOptim.Kernels.Lanes;

/// <summary>Four floats in a 128-bit register.</summary>
internal unsafe struct Floats4(Vector128<float> value) : IFloats<Floats4>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    private Vector128<float> _value = value;

    public static int Count => 4;

    [MethodImpl(Inline)] public static Floats4 Create(float value) => new(Vector128.Create(value));

    [MethodImpl(Inline)] public static Floats4 Add(Floats4 a, Floats4 b) => new(a._value + b._value);
    [MethodImpl(Inline)] public static Floats4 Subtract(Floats4 a, Floats4 b) => new(a._value - b._value);
    [MethodImpl(Inline)] public static Floats4 Multiply(Floats4 a, Floats4 b) => new(a._value * b._value);
    [MethodImpl(Inline)] public static Floats4 Divide(Floats4 a, Floats4 b) => new(a._value / b._value);
    [MethodImpl(Inline)] public static Floats4 FusedMultiplyAdd(Floats4 a, Floats4 b, Floats4 c) => new(Vector128.FusedMultiplyAdd(a._value, b._value, c._value));
    [MethodImpl(Inline)] public static void Accumulate(ref Floats4 sum, Floats4 a, Floats4 b) => sum._value = Vector128.FusedMultiplyAdd(a._value, b._value, sum._value);
    [MethodImpl(Inline)] public static Floats4 Sqrt(Floats4 a) => new(Vector128.Sqrt(a._value));
    [MethodImpl(Inline)] public static Floats4 Negate(Floats4 a) => new(-a._value);
    [MethodImpl(Inline)] public static Floats4 Max(Floats4 a, Floats4 b) => new(Vector128.Max(a._value, b._value));

    [MethodImpl(Inline)]
    public static Floats4 Sign(Floats4 a)
    {
        var positive = Vector128.LessThan(Vector128<float>.Zero, a._value) & Vector128.Create(1f);
        var negative = Vector128.LessThan(a._value, Vector128<float>.Zero) & Vector128.Create(1f);
        return new(positive - negative);
    }

    [MethodImpl(Inline)]
    public static Floats4 RoundToBFloat16(Floats4 a)
    {
        var bits = a._value.AsUInt32();
        var even = (bits >> 16) & Vector128.Create(1u);
        var rounded = (bits + Vector128.Create(0x7FFFu) + even) & Vector128.Create(0xFFFF_0000u);
        return new(Vector128.ConditionalSelect(Vector128.Equals(a._value, a._value), rounded.AsSingle(), Vector128.Create(float.NaN)));
    }

    [MethodImpl(Inline)]
    public static Floats4 RoundToFloat16(Floats4 a)
    {
        var exponent = a._value.AsUInt32() & Vector128.Create(Bits16.InfinityBits);
        var clamped = Vector128.Min(Vector128.Max(exponent, Vector128.Create(Bits16.LowestExponent)), Vector128.Create(Bits16.HighestExponent));
        var shifter = (clamped + Vector128.Create(Bits16.ShifterAbove)).AsSingle();
        var rounded = (a._value + shifter - shifter) * Vector128.Create(Bits16.OverflowScale) * Vector128.Create(1 / Bits16.OverflowScale);
        return new(rounded | (a._value & Vector128.Create(-0f)));
    }

    [MethodImpl(Inline)] public static Floats4 Load(float* source) => new(Vector128.Load(source));
    [MethodImpl(Inline)] public static void Store(Floats4 value, float* destination) => value._value.Store(destination);
    [MethodImpl(Inline)] public static Floats4 LoadBFloat16(ushort* source) => new((Widen(source) << 16).AsSingle());
    [MethodImpl(Inline)] public static void StoreBFloat16(Floats4 value, ushort* destination) => Narrow(value._value.AsUInt32() >> 16, destination);

    [MethodImpl(Inline)]
    public static Floats4 LoadFloat16(ushort* source)
    {
        var bits = Widen(source);
        var magnitude = bits & Vector128.Create(0x7FFFu);
        var normal = (magnitude << 13) + Vector128.Create(Bits16.Rebias);
        var special = Vector128.GreaterThan(magnitude, Vector128.Create(0x7BFFu)) & Vector128.Create(Bits16.Rebias);
        var subnormal = Vector128.ConvertToSingle(magnitude.AsInt32()) * Vector128.Create(Bits16.Float16Quantum);
        var value = Vector128.ConditionalSelect(Vector128.LessThan(magnitude, Vector128.Create(0x400u)).AsSingle(), subnormal, (normal + special).AsSingle());
        return new(value | ((bits & Vector128.Create(0x8000u)) << 16).AsSingle());
    }

    [MethodImpl(Inline)]
    public static void StoreFloat16(Floats4 value, ushort* destination)
    {
        var sign = (value._value.AsUInt32() >> 16) & Vector128.Create(0x8000u);
        var magnitude = Vector128.Abs(value._value);
        var normal = (magnitude.AsUInt32() - Vector128.Create(Bits16.Rebias)) >> 13;
        var subnormal = (magnitude + Vector128.Create(0.5f)).AsUInt32() - Vector128.Create(0.5f).AsUInt32();
        var bits = Vector128.ConditionalSelect(Vector128.LessThan(magnitude, Vector128.Create(Bits16.Float16SmallestNormal)).AsUInt32(), subnormal, normal);
        bits = Vector128.ConditionalSelect(Vector128.LessThan(magnitude, Vector128.Create(65536f)).AsUInt32(), bits, Vector128.Create(0x7C00u));
        bits = Vector128.ConditionalSelect(Vector128.Equals(magnitude, magnitude).AsUInt32(), bits, Vector128.Create(0x7E00u));
        Narrow(bits | sign, destination);
    }

    [MethodImpl(Inline)]
    private static Vector128<uint> Widen(ushort* source) => Vector128.WidenLower(Vector64.Load(source).ToVector128Unsafe());

    [MethodImpl(Inline)]
    private static void Narrow(Vector128<uint> value, ushort* destination) => Vector128.Narrow(value, value).GetLower().Store(destination);
}
