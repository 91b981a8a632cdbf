using System.Runtime.CompilerServices;

namespace GpuOptim.Kernels.Lanes;

/// <summary>A single float: the reference that every wider lane must equal.</summary>
internal unsafe struct Floats1(float value) : IFloats<Floats1>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    private float _value = value;

    public static int Count => 1;

    [MethodImpl(Inline)] public static Floats1 Create(float value) => new(value);

    [MethodImpl(Inline)] public static Floats1 Add(Floats1 a, Floats1 b) => new(a._value + b._value);
    [MethodImpl(Inline)] public static Floats1 Subtract(Floats1 a, Floats1 b) => new(a._value - b._value);
    [MethodImpl(Inline)] public static Floats1 Multiply(Floats1 a, Floats1 b) => new(a._value * b._value);
    [MethodImpl(Inline)] public static Floats1 Divide(Floats1 a, Floats1 b) => new(a._value / b._value);
    [MethodImpl(Inline)] public static Floats1 FusedMultiplyAdd(Floats1 a, Floats1 b, Floats1 c) => new(MathF.FusedMultiplyAdd(a._value, b._value, c._value));
    [MethodImpl(Inline)] public static void Accumulate(ref Floats1 sum, Floats1 a, Floats1 b) => sum._value = MathF.FusedMultiplyAdd(a._value, b._value, sum._value);
    [MethodImpl(Inline)] public static Floats1 Sqrt(Floats1 a) => new(MathF.Sqrt(a._value));
    [MethodImpl(Inline)] public static Floats1 Negate(Floats1 a) => new(-a._value);
    [MethodImpl(Inline)] public static Floats1 Max(Floats1 a, Floats1 b) => new(MathF.Max(a._value, b._value));
    [MethodImpl(Inline)] public static Floats1 Sign(Floats1 a) => new(a._value > 0 ? 1 : a._value < 0 ? -1 : 0);

    [MethodImpl(Inline)] public static Floats1 RoundToBFloat16(Floats1 a) => new((BFloat16)a._value);
    [MethodImpl(Inline)] public static Floats1 RoundToFloat16(Floats1 a) => new((float)(Half)a._value);

    [MethodImpl(Inline)] public static Floats1 Load(float* source) => new(*source);
    [MethodImpl(Inline)] public static void Store(Floats1 value, float* destination) => *destination = value._value;
    [MethodImpl(Inline)] public static Floats1 LoadBFloat16(ushort* source) => new(new BFloat16(*source));
    [MethodImpl(Inline)] public static void StoreBFloat16(Floats1 value, ushort* destination) => *destination = ((BFloat16)value._value).Bits;
    [MethodImpl(Inline)] public static Floats1 LoadFloat16(ushort* source) => new((float)BitConverter.UInt16BitsToHalf(*source));
    [MethodImpl(Inline)] public static void StoreFloat16(Floats1 value, ushort* destination) => *destination = BitConverter.HalfToUInt16Bits((Half)value._value);
}
