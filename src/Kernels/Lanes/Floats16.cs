using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace GpuOptim.Kernels.Lanes;

/// <summary>Sixteen floats in a 512-bit register.</summary>
internal unsafe struct Floats16(Vector512<float> value) : IRegister<Floats16>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    private Vector512<float> _value = value;

    public static int Count => 16;

    [MethodImpl(Inline)] public static Floats16 Create(float value) => new(Vector512.Create(value));

    [MethodImpl(Inline)] public static Floats16 Add(in Floats16 a, in Floats16 b) => new(a._value + b._value);
    [MethodImpl(Inline)] public static Floats16 Subtract(in Floats16 a, in Floats16 b) => new(a._value - b._value);
    [MethodImpl(Inline)] public static Floats16 Multiply(in Floats16 a, in Floats16 b) => new(a._value * b._value);
    [MethodImpl(Inline)] public static Floats16 Divide(in Floats16 a, in Floats16 b) => new(a._value / b._value);
    [MethodImpl(Inline)] public static Floats16 FusedMultiplyAdd(in Floats16 a, in Floats16 b, in Floats16 c) => new(Vector512.FusedMultiplyAdd(a._value, b._value, c._value));
    [MethodImpl(Inline)] public static void Accumulate(ref Floats16 sum, in Floats16 a, in Floats16 b) => sum._value = Vector512.FusedMultiplyAdd(a._value, b._value, sum._value);
    [MethodImpl(Inline)] public static Floats16 Sqrt(in Floats16 a) => new(Vector512.Sqrt(a._value));
    [MethodImpl(Inline)] public static Floats16 Negate(in Floats16 a) => new(-a._value);
    [MethodImpl(Inline)] public static Floats16 Max(in Floats16 a, in Floats16 b) => new(Vector512.Max(a._value, b._value));

    [MethodImpl(Inline)]
    public static Floats16 Sign(in Floats16 a)
    {
        var positive = Vector512.LessThan(Vector512<float>.Zero, a._value) & Vector512.Create(1f);
        var negative = Vector512.LessThan(a._value, Vector512<float>.Zero) & Vector512.Create(1f);
        return new(positive - negative);
    }

    [MethodImpl(Inline)]
    public static Floats16 WhereNegative(in Floats16 condition, in Floats16 negative, in Floats16 otherwise) =>
        new(Vector512.ConditionalSelect(Vector512.LessThan(condition._value, Vector512<float>.Zero), negative._value, otherwise._value));

    [MethodImpl(Inline)]
    public static Floats16 Quiet(in Floats16 a) => new(Vector512.ConditionalSelect(Vector512.Equals(a._value, a._value), a._value, Vector512.Create(float.NaN)));

    [MethodImpl(Inline)]
    public static Floats16 RoundToBFloat16(in Floats16 a)
    {
        var bits = a._value.AsUInt32();
        return new(((bits + Vector512.Create(0x7FFFu) + ((bits >> 16) & Vector512.Create(1u))) & Vector512.Create(0xFFFF_0000u)).AsSingle());
    }

    [MethodImpl(Inline)]
    public static Floats16 CarryIntoBFloat16(in Floats16 a)
    {
        var bits = a._value.AsUInt32();
        return new((bits + Vector512.Create(0x7FFFu) + ((bits >> 16) & Vector512.Create(1u))).AsSingle());
    }

    [MethodImpl(Inline)]
    public static Floats16 RoundToFloat16(in Floats16 a)
    {
        var exponent = Vector512.Max(a._value.AsUInt32() & Vector512.Create(Bits16.InfinityBits), Vector512.Create(Bits16.LowestExponent));
        var shifter = (exponent + Vector512.Create(Bits16.ShifterAbove)).AsSingle();
        var isInfinite = Vector512.GreaterThanOrEqual(Vector512.Abs(a._value), Vector512.Create(Bits16.Float16Overflow));
        var rounded = Vector512.ConditionalSelect(isInfinite, Vector512.Create(float.PositiveInfinity), a._value + shifter - shifter);
        return new(rounded | (a._value & Vector512.Create(-0f)));
    }

    [MethodImpl(Inline)] public static Floats16 Load(float* source) => new(Vector512.Load(source));
    [MethodImpl(Inline)] public static void Store(in Floats16 value, float* destination) => value._value.Store(destination);
    [MethodImpl(Inline)] public static Floats16 LoadBFloat16(ushort* source) => new((Widen(source) << 16).AsSingle());
    [MethodImpl(Inline)] public static void StoreBFloat16(in Floats16 value, ushort* destination) => Narrow(value._value.AsUInt32() >> 16, destination);

    [MethodImpl(Inline)]
    public static void LoadAlternating(ushort* source, out Floats16 even, out Floats16 odd)
    {
        var both = Vector512.Load((uint*)source);
        even = new((both << 16).AsSingle());
        odd = new((both & Vector512.Create(0xFFFF_0000u)).AsSingle());
    }

    [MethodImpl(Inline)]
    public static void StoreAlternating(in Floats16 even, in Floats16 odd, ushort* destination)
    {
        var (lower, upper) = (even._value.AsUInt32() >> 16, odd._value.AsUInt32());
        Vector512.ConditionalSelect(Vector512.Create(0xFFFF_0000u), upper, lower).Store((uint*)destination);
    }

    [MethodImpl(Inline)]
    public static void StoreBFloat16(in Floats16 first, in Floats16 second, ushort* destination)
    {
        StoreBFloat16(first, destination);
        StoreBFloat16(second, destination + Count);
    }

    [MethodImpl(Inline)]
    public static Floats16 LoadFloat16(ushort* source)
    {
        var bits = WidenSigned(source) << 13;
        var large = ((bits & Vector512.Create(Bits16.MagnitudeInPlace)) | Vector512.Create(Bits16.LargeExponent)).AsSingle();
        var normal = large * Vector512.Create(Bits16.FromLarge);
        var subnormal = Vector512.FusedMultiplyAdd(large, Vector512.Create(2 * Bits16.FromLarge), Vector512.Create(-Bits16.Float16SmallestNormal));
        return new(Vector512.MinNative(normal, subnormal) | (bits.AsSingle() & Vector512.Create(-0f)));
    }

    [MethodImpl(Inline)]
    public static void StoreFloat16(in Floats16 value, ushort* destination)
    {
        var magnitude = Vector512.Abs(value._value);
        // Normal or not, as if all had the implicit one.
        magnitude = Vector512.MaxNative(magnitude, Vector512.FusedMultiplyAdd(magnitude, Vector512.Create(0.5f), Vector512.Create(Bits16.Float16SmallestNormal / 2)));
        var large = (magnitude * Vector512.Create(1 / Bits16.FromLarge)).AsInt32();
        Narrow(Sign(value._value) | ((large - Vector512.Create(Bits16.LargeExponent)) >> 13).AsUInt32(), destination);
    }

    [MethodImpl(Inline)]
    public static void StoreRoundedFloat16(in Floats16 value, ushort* destination)
    {
        var magnitude = Vector512.Abs(value._value);
        var large = (magnitude * Vector512.Create(1 / Bits16.FromLarge)).AsInt32();
        var normal = (large + Vector512.Create(0x0FFF - Bits16.LargeExponent) + ((large >> 13) & Vector512.Create(1))) >> 13;
        var subnormal = (magnitude + Vector512.Create(0.5f)).AsInt32() - Vector512.Create(0.5f).AsInt32();
        Narrow(Sign(value._value) | Vector512.Max(normal, Vector512.Min(subnormal, Vector512.Create(0x400))).AsUInt32(), destination);
    }

    /// <summary>The sign, where a binary16 has it.</summary>
    [MethodImpl(Inline)]
    private static Vector512<uint> Sign(Vector512<float> value) => (value.AsUInt32() >> 16) & Vector512.Create(0x8000u);

    /// <summary>Sixteen 16-bit numbers, with zeros above.</summary>
    [MethodImpl(Inline)]
    public static Vector512<uint> Widen(ushort* source) =>
        Avx512F.IsSupported ? Avx512F.ConvertToVector512UInt32(Vector256.Load(source)) : Vector512.WidenLower(Vector256.Load(source).ToVector512Unsafe());

    /// <summary>Sixteen 16-bit numbers, with their sign above.</summary>
    [MethodImpl(Inline)]
    public static Vector512<int> WidenSigned(ushort* source) =>
        Avx512F.IsSupported ? Avx512F.ConvertToVector512Int32(Vector256.Load((short*)source)) : Vector512.WidenLower(Vector256.Load((short*)source).ToVector512Unsafe());

    /// <summary>Stores lower halves.</summary>
    [MethodImpl(Inline)]
    public static void Narrow(Vector512<uint> value, ushort* destination) =>
        (Avx512F.IsSupported ? Avx512F.ConvertToVector256UInt16(value) : Vector512.Narrow(value, value).GetLower()).Store(destination);
}
