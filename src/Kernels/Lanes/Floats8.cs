using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace GpuOptim.Kernels.Lanes;

/// <summary>Eight floats in a 256-bit register.</summary>
internal unsafe struct Floats8(Vector256<float> value) : IRegister<Floats8>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    private Vector256<float> _value = value;

    public static int Count => 8;

    /// <summary>The register.</summary>
    public readonly Vector256<float> Vector => _value;

    [MethodImpl(Inline)] public static Floats8 Create(float value) => new(Vector256.Create(value));

    [MethodImpl(Inline)] public static Floats8 Add(in Floats8 a, in Floats8 b) => new(a._value + b._value);
    [MethodImpl(Inline)] public static Floats8 Subtract(in Floats8 a, in Floats8 b) => new(a._value - b._value);
    [MethodImpl(Inline)] public static Floats8 Multiply(in Floats8 a, in Floats8 b) => new(a._value * b._value);
    [MethodImpl(Inline)] public static Floats8 Divide(in Floats8 a, in Floats8 b) => new(a._value / b._value);
    [MethodImpl(Inline)] public static Floats8 FusedMultiplyAdd(in Floats8 a, in Floats8 b, in Floats8 c) => new(Vector256.FusedMultiplyAdd(a._value, b._value, c._value));
    [MethodImpl(Inline)] public static void Accumulate(ref Floats8 sum, in Floats8 a, in Floats8 b) => sum._value = Vector256.FusedMultiplyAdd(a._value, b._value, sum._value);
    [MethodImpl(Inline)] public static Floats8 Sqrt(in Floats8 a) => new(Vector256.Sqrt(a._value));
    [MethodImpl(Inline)] public static Floats8 Negate(in Floats8 a) => new(-a._value);
    [MethodImpl(Inline)] public static Floats8 Max(in Floats8 a, in Floats8 b) => new(Vector256.Max(a._value, b._value));

    [MethodImpl(Inline)]
    public static Floats8 Sign(in Floats8 a)
    {
        var positive = Vector256.LessThan(Vector256<float>.Zero, a._value) & Vector256.Create(1f);
        var negative = Vector256.LessThan(a._value, Vector256<float>.Zero) & Vector256.Create(1f);
        return new(positive - negative);
    }

    [MethodImpl(Inline)]
    public static Floats8 WhereNegative(in Floats8 condition, in Floats8 negative, in Floats8 otherwise) =>
        new(Vector256.ConditionalSelect(Vector256.LessThan(condition._value, Vector256<float>.Zero), negative._value, otherwise._value));

    [MethodImpl(Inline)]
    public static Floats8 Quiet(in Floats8 a) => new(Vector256.ConditionalSelect(Vector256.Equals(a._value, a._value), a._value, Vector256.Create(float.NaN)));

    [MethodImpl(Inline)]
    public static Floats8 RoundToBFloat16(in Floats8 a)
    {
        var bits = a._value.AsUInt32();
        return new(((bits + Vector256.Create(0x7FFFu) + ((bits >> 16) & Vector256.Create(1u))) & Vector256.Create(0xFFFF_0000u)).AsSingle());
    }

    [MethodImpl(Inline)]
    public static Floats8 CarryIntoBFloat16(in Floats8 a)
    {
        var bits = a._value.AsUInt32();
        return new((bits + Vector256.Create(0x7FFFu) + ((bits >> 16) & Vector256.Create(1u))).AsSingle());
    }

    [MethodImpl(Inline)]
    public static Floats8 RoundToFloat16(in Floats8 a)
    {
        var exponent = Vector256.Max(a._value.AsUInt32() & Vector256.Create(Bits16.InfinityBits), Vector256.Create(Bits16.LowestExponent));
        var shifter = (exponent + Vector256.Create(Bits16.ShifterAbove)).AsSingle();
        var isInfinite = Vector256.GreaterThanOrEqual(Vector256.Abs(a._value), Vector256.Create(Bits16.Float16Overflow));
        var rounded = Vector256.ConditionalSelect(isInfinite, Vector256.Create(float.PositiveInfinity), a._value + shifter - shifter);
        return new(rounded | (a._value & Vector256.Create(-0f)));
    }

    [MethodImpl(Inline)] public static Floats8 Load(float* source) => new(Vector256.Load(source));
    [MethodImpl(Inline)] public static void Store(in Floats8 value, float* destination) => value._value.Store(destination);
    [MethodImpl(Inline)] public static Floats8 LoadBFloat16(ushort* source) => new((Widen(source) << 16).AsSingle());
    [MethodImpl(Inline)] public static void StoreBFloat16(in Floats8 value, ushort* destination) => Narrow(value._value.AsUInt32() >> 16, destination);

    [MethodImpl(Inline)]
    public static void LoadAlternating(ushort* source, out Floats8 even, out Floats8 odd)
    {
        var both = Vector256.Load((uint*)source);
        even = new((both << 16).AsSingle());
        odd = new((both & Vector256.Create(0xFFFF_0000u)).AsSingle());
    }

    [MethodImpl(Inline)]
    public static void StoreAlternating(in Floats8 even, in Floats8 odd, ushort* destination)
    {
        var (lower, upper) = (even._value.AsUInt32() >> 16, odd._value.AsUInt32());
        (Avx2.IsSupported
            ? Avx2.Blend(lower.AsUInt16(), upper.AsUInt16(), 0b1010_1010).AsUInt32()
            : Vector256.ConditionalSelect(Vector256.Create(0xFFFF_0000u), upper, lower)).Store((uint*)destination);
    }

    [MethodImpl(Inline)]
    public static void StoreBFloat16(in Floats8 first, in Floats8 second, ushort* destination)
    {
        var (lower, upper) = ((first._value.AsUInt32() >> 16).AsInt32(), (second._value.AsUInt32() >> 16).AsInt32());
        (Avx2.IsSupported
            ? Avx2.Permute4x64(Avx2.PackUnsignedSaturate(lower, upper).AsUInt64(), 0b11_01_10_00).AsUInt16()
            : Vector256.Narrow(lower.AsUInt32(), upper.AsUInt32())).Store(destination);
    }

    [MethodImpl(Inline)]
    public static Floats8 LoadFloat16(ushort* source)
    {
        var bits = WidenSigned(source) << 13;
        var large = ((bits & Vector256.Create(Bits16.MagnitudeInPlace)) | Vector256.Create(Bits16.LargeExponent)).AsSingle();
        var normal = large * Vector256.Create(Bits16.FromLarge);
        var subnormal = Vector256.FusedMultiplyAdd(large, Vector256.Create(2 * Bits16.FromLarge), Vector256.Create(-Bits16.Float16SmallestNormal));
        return new(Vector256.MinNative(normal, subnormal) | (bits.AsSingle() & Vector256.Create(-0f)));
    }

    [MethodImpl(Inline)]
    public static void StoreFloat16(in Floats8 value, ushort* destination)
    {
        var magnitude = Vector256.Abs(value._value);
        // Normal or not, as if all had the implicit one.
        magnitude = Vector256.MaxNative(magnitude, Vector256.FusedMultiplyAdd(magnitude, Vector256.Create(0.5f), Vector256.Create(Bits16.Float16SmallestNormal / 2)));
        var large = (magnitude * Vector256.Create(1 / Bits16.FromLarge)).AsInt32();
        Narrow(Sign(value._value) | ((large - Vector256.Create(Bits16.LargeExponent)) >> 13).AsUInt32(), destination);
    }

    [MethodImpl(Inline)]
    public static void StoreRoundedFloat16(in Floats8 value, ushort* destination)
    {
        var magnitude = Vector256.Abs(value._value);
        var large = (magnitude * Vector256.Create(1 / Bits16.FromLarge)).AsInt32();
        var normal = (large + Vector256.Create(0x0FFF - Bits16.LargeExponent) + ((large >> 13) & Vector256.Create(1))) >> 13;
        var subnormal = (magnitude + Vector256.Create(0.5f)).AsInt32() - Vector256.Create(0.5f).AsInt32();
        Narrow(Sign(value._value) | Vector256.Max(normal, Vector256.Min(subnormal, Vector256.Create(0x400))).AsUInt32(), destination);
    }

    /// <summary>The sign, where a binary16 has it.</summary>
    [MethodImpl(Inline)]
    private static Vector256<uint> Sign(Vector256<float> value) => (value.AsUInt32() >> 16) & Vector256.Create(0x8000u);

    /// <summary>Eight 16-bit numbers, with zeros above.</summary>
    [MethodImpl(Inline)]
    public static Vector256<uint> Widen(ushort* source) =>
        Avx2.IsSupported ? Avx2.ConvertToVector256Int32(source).AsUInt32() : Vector256.WidenLower(Vector128.Load(source).ToVector256Unsafe());

    /// <summary>Eight 16-bit numbers, with their sign above.</summary>
    [MethodImpl(Inline)]
    public static Vector256<int> WidenSigned(ushort* source) =>
        Avx2.IsSupported ? Avx2.ConvertToVector256Int32((short*)source) : Vector256.WidenLower(Vector128.Load((short*)source).ToVector256Unsafe());

    [MethodImpl(Inline)]
    private static void Narrow(Vector256<uint> value, ushort* destination) =>
        (Avx2.IsSupported
            ? Avx2.Permute4x64(Avx2.PackUnsignedSaturate(value.AsInt32(), value.AsInt32()).AsUInt64(), 0b1000).AsUInt16().GetLower()
            : Vector256.Narrow(value, value).GetLower()).Store(destination);
}
