using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace GpuOptim.Kernels.Lanes;

/// <summary>Four floats in a 128-bit register.</summary>
internal unsafe struct Floats4(Vector128<float> value) : IRegister<Floats4>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    private Vector128<float> _value = value;

    public static int Count => 4;

    [MethodImpl(Inline)] public static Floats4 Create(float value) => new(Vector128.Create(value));

    [MethodImpl(Inline)] public static Floats4 Add(in Floats4 a, in Floats4 b) => new(a._value + b._value);
    [MethodImpl(Inline)] public static Floats4 Subtract(in Floats4 a, in Floats4 b) => new(a._value - b._value);
    [MethodImpl(Inline)] public static Floats4 Multiply(in Floats4 a, in Floats4 b) => new(a._value * b._value);
    [MethodImpl(Inline)] public static Floats4 Divide(in Floats4 a, in Floats4 b) => new(a._value / b._value);
    [MethodImpl(Inline)] public static Floats4 FusedMultiplyAdd(in Floats4 a, in Floats4 b, in Floats4 c) => new(Vector128.FusedMultiplyAdd(a._value, b._value, c._value));
    [MethodImpl(Inline)] public static void Accumulate(ref Floats4 sum, in Floats4 a, in Floats4 b) => sum._value = Vector128.FusedMultiplyAdd(a._value, b._value, sum._value);
    [MethodImpl(Inline)] public static Floats4 Sqrt(in Floats4 a) => new(Vector128.Sqrt(a._value));
    [MethodImpl(Inline)] public static Floats4 Negate(in Floats4 a) => new(-a._value);
    [MethodImpl(Inline)] public static Floats4 Max(in Floats4 a, in Floats4 b) => new(Vector128.Max(a._value, b._value));

    [MethodImpl(Inline)]
    public static Floats4 Sign(in Floats4 a)
    {
        var positive = Vector128.LessThan(Vector128<float>.Zero, a._value) & Vector128.Create(1f);
        var negative = Vector128.LessThan(a._value, Vector128<float>.Zero) & Vector128.Create(1f);
        return new(positive - negative);
    }

    [MethodImpl(Inline)]
    public static Floats4 WhereNegative(in Floats4 condition, in Floats4 negative, in Floats4 otherwise) =>
        new(Vector128.ConditionalSelect(Vector128.LessThan(condition._value, Vector128<float>.Zero), negative._value, otherwise._value));

    [MethodImpl(Inline)]
    public static Floats4 Quiet(in Floats4 a) => new(Vector128.ConditionalSelect(Vector128.Equals(a._value, a._value), a._value, Vector128.Create(float.NaN)));

    [MethodImpl(Inline)]
    public static Floats4 RoundToBFloat16(in Floats4 a)
    {
        var bits = a._value.AsUInt32();
        return new(((bits + Vector128.Create(0x7FFFu) + ((bits >> 16) & Vector128.Create(1u))) & Vector128.Create(0xFFFF_0000u)).AsSingle());
    }

    [MethodImpl(Inline)]
    public static Floats4 CarryIntoBFloat16(in Floats4 a)
    {
        var bits = a._value.AsUInt32();
        return new((bits + Vector128.Create(0x7FFFu) + ((bits >> 16) & Vector128.Create(1u))).AsSingle());
    }

    [MethodImpl(Inline)]
    public static Floats4 RoundToFloat16(in Floats4 a)
    {
        var exponent = Vector128.Max(a._value.AsUInt32() & Vector128.Create(Bits16.InfinityBits), Vector128.Create(Bits16.LowestExponent));
        var shifter = (exponent + Vector128.Create(Bits16.ShifterAbove)).AsSingle();
        var isInfinite = Vector128.GreaterThanOrEqual(Vector128.Abs(a._value), Vector128.Create(Bits16.Float16Overflow));
        var rounded = Vector128.ConditionalSelect(isInfinite, Vector128.Create(float.PositiveInfinity), a._value + shifter - shifter);
        return new(rounded | (a._value & Vector128.Create(-0f)));
    }

    [MethodImpl(Inline)] public static Floats4 Load(float* source) => new(Vector128.Load(source));
    [MethodImpl(Inline)] public static void Store(in Floats4 value, float* destination) => value._value.Store(destination);
    [MethodImpl(Inline)] public static Floats4 LoadBFloat16(ushort* source) => new((Widen(source) << 16).AsSingle());
    [MethodImpl(Inline)] public static void StoreBFloat16(in Floats4 value, ushort* destination) => Narrow(value._value.AsUInt32() >> 16, destination);

    [MethodImpl(Inline)]
    public static void LoadAlternating(ushort* source, out Floats4 even, out Floats4 odd)
    {
        var both = Vector128.Load((uint*)source);
        even = new((both << 16).AsSingle());
        odd = new((both & Vector128.Create(0xFFFF_0000u)).AsSingle());
    }

    [MethodImpl(Inline)]
    public static void StoreAlternating(in Floats4 even, in Floats4 odd, ushort* destination)
    {
        var (lower, upper) = (even._value.AsUInt32() >> 16, odd._value.AsUInt32());
        Vector128.ConditionalSelect(Vector128.Create(0xFFFF_0000u), upper, lower).Store((uint*)destination);
    }

    [MethodImpl(Inline)]
    public static void StoreBFloat16(in Floats4 first, in Floats4 second, ushort* destination) =>
        Vector128.Narrow(first._value.AsUInt32() >> 16, second._value.AsUInt32() >> 16).Store(destination);

    [MethodImpl(Inline)]
    public static Floats4 LoadFloat16(ushort* source)
    {
        var bits = WidenSigned(source) << 13;
        var large = ((bits & Vector128.Create(Bits16.MagnitudeInPlace)) | Vector128.Create(Bits16.LargeExponent)).AsSingle();
        var normal = large * Vector128.Create(Bits16.FromLarge);
        var subnormal = Vector128.FusedMultiplyAdd(large, Vector128.Create(2 * Bits16.FromLarge), Vector128.Create(-Bits16.Float16SmallestNormal));
        return new(Vector128.MinNative(normal, subnormal) | (bits.AsSingle() & Vector128.Create(-0f)));
    }

    [MethodImpl(Inline)]
    public static void StoreFloat16(in Floats4 value, ushort* destination)
    {
        var magnitude = Vector128.Abs(value._value);
        // Normal or not, as if all had the implicit one.
        magnitude = Vector128.MaxNative(magnitude, Vector128.FusedMultiplyAdd(magnitude, Vector128.Create(0.5f), Vector128.Create(Bits16.Float16SmallestNormal / 2)));
        var large = (magnitude * Vector128.Create(1 / Bits16.FromLarge)).AsInt32();
        Narrow(Sign(value._value) | ((large - Vector128.Create(Bits16.LargeExponent)) >> 13).AsUInt32(), destination);
    }

    [MethodImpl(Inline)]
    public static void StoreRoundedFloat16(in Floats4 value, ushort* destination)
    {
        var magnitude = Vector128.Abs(value._value);
        var large = (magnitude * Vector128.Create(1 / Bits16.FromLarge)).AsInt32();
        var normal = (large + Vector128.Create(0x0FFF - Bits16.LargeExponent) + ((large >> 13) & Vector128.Create(1))) >> 13;
        var subnormal = (magnitude + Vector128.Create(0.5f)).AsInt32() - Vector128.Create(0.5f).AsInt32();
        Narrow(Sign(value._value) | Vector128.Max(normal, Vector128.Min(subnormal, Vector128.Create(0x400))).AsUInt32(), destination);
    }

    /// <summary>The sign, where a binary16 has it.</summary>
    [MethodImpl(Inline)]
    private static Vector128<uint> Sign(Vector128<float> value) => (value.AsUInt32() >> 16) & Vector128.Create(0x8000u);

    [MethodImpl(Inline)]
    private static Vector128<uint> Widen(ushort* source) => Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(ulong*)source).AsUInt16());

    [MethodImpl(Inline)]
    private static Vector128<int> WidenSigned(ushort* source) => Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(ulong*)source).AsInt16());

    [MethodImpl(Inline)]
    private static void Narrow(Vector128<uint> value, ushort* destination) =>
        *(ulong*)destination = Vector128.Narrow(value, value).AsUInt64().ToScalar();
}
