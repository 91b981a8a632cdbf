using System.Runtime.CompilerServices;

namespace GpuOptim.Kernels.Lanes;

/// <summary>A single float: the reference that every wider lane must equal.</summary>
internal unsafe struct Floats1(float value) : IRegister<Floats1>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    private float _value = value;

    public static int Count => 1;

    [MethodImpl(Inline)] public static Floats1 Create(float value) => new(value);

    [MethodImpl(Inline)] public static Floats1 Add(in Floats1 a, in Floats1 b) => new(a._value + b._value);
    [MethodImpl(Inline)] public static Floats1 Subtract(in Floats1 a, in Floats1 b) => new(a._value - b._value);
    [MethodImpl(Inline)] public static Floats1 Multiply(in Floats1 a, in Floats1 b) => new(a._value * b._value);
    [MethodImpl(Inline)] public static Floats1 Divide(in Floats1 a, in Floats1 b) => new(a._value / b._value);
    [MethodImpl(Inline)] public static Floats1 FusedMultiplyAdd(in Floats1 a, in Floats1 b, in Floats1 c) => new(MathF.FusedMultiplyAdd(a._value, b._value, c._value));
    [MethodImpl(Inline)] public static void Accumulate(ref Floats1 sum, in Floats1 a, in Floats1 b) => sum._value = MathF.FusedMultiplyAdd(a._value, b._value, sum._value);
    [MethodImpl(Inline)] public static Floats1 Sqrt(in Floats1 a) => new(MathF.Sqrt(a._value));
    [MethodImpl(Inline)] public static Floats1 Negate(in Floats1 a) => new(-a._value);
    [MethodImpl(Inline)] public static Floats1 Max(in Floats1 a, in Floats1 b) => new(MathF.Max(a._value, b._value));
    [MethodImpl(Inline)] public static Floats1 Sign(in Floats1 a) => new(a._value > 0 ? 1 : a._value < 0 ? -1 : 0);
    [MethodImpl(Inline)] public static Floats1 WhereNegative(in Floats1 condition, in Floats1 negative, in Floats1 otherwise) => condition._value < 0 ? negative : otherwise;

    [MethodImpl(Inline)] public static Floats1 RoundToBFloat16(in Floats1 a) => new((BFloat16)a._value);
    [MethodImpl(Inline)] public static Floats1 RoundToFloat16(in Floats1 a) => new((float)(Half)a._value);

    [MethodImpl(Inline)] public static Floats1 Quiet(in Floats1 a) => new(float.IsNaN(a._value) ? float.NaN : a._value);
    [MethodImpl(Inline)] public static Floats1 CarryIntoBFloat16(in Floats1 a) => RoundToBFloat16(a);

    [MethodImpl(Inline)] public static Floats1 Load(float* source) => new(*source);
    [MethodImpl(Inline)] public static void Store(in Floats1 value, float* destination) => *destination = value._value;
    [MethodImpl(Inline)] public static Floats1 LoadBFloat16(ushort* source) => new(new BFloat16(*source));
    [MethodImpl(Inline)] public static void StoreBFloat16(in Floats1 value, ushort* destination) => *destination = ((BFloat16)value._value).Bits;
    [MethodImpl(Inline)] public static Floats1 LoadFloat16(ushort* source) => new((float)BitConverter.UInt16BitsToHalf(*source));
    [MethodImpl(Inline)] public static void StoreFloat16(in Floats1 value, ushort* destination) => *destination = BitConverter.HalfToUInt16Bits((Half)value._value);
    [MethodImpl(Inline)] public static void StoreRoundedFloat16(in Floats1 value, ushort* destination) => StoreFloat16(value, destination);

    [MethodImpl(Inline)]
    public static void LoadAlternating(ushort* source, out Floats1 even, out Floats1 odd)
    {
        even = LoadBFloat16(source);
        odd = LoadBFloat16(source + 1);
    }

    [MethodImpl(Inline)]
    public static void StoreAlternating(in Floats1 even, in Floats1 odd, ushort* destination) => StoreBFloat16(even, odd, destination);

    [MethodImpl(Inline)]
    public static void StoreBFloat16(in Floats1 first, in Floats1 second, ushort* destination)
    {
        StoreBFloat16(first, destination);
        StoreBFloat16(second, destination + 1);
    }
}
