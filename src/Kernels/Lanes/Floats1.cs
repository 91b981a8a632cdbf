using System.Runtime.CompilerServices;

namespace GpuOptim.Kernels.Lanes;

/// <summary>A single float: the reference that every wider lane must equal, and the lane of tails.</summary>
internal readonly unsafe struct Floats1(float value) : IFloats<Floats1>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    private readonly float _value = value;

    private uint Bits
    {
        [MethodImpl(Inline)]
        get => BitConverter.SingleToUInt32Bits(_value);
    }

    public static int Count => 1;

    [MethodImpl(Inline)] public static Floats1 Create(float value) => new(value);

    [MethodImpl(Inline)] public static Floats1 Add(Floats1 a, Floats1 b) => new(a._value + b._value);
    [MethodImpl(Inline)] public static Floats1 Subtract(Floats1 a, Floats1 b) => new(a._value - b._value);
    [MethodImpl(Inline)] public static Floats1 Multiply(Floats1 a, Floats1 b) => new(a._value * b._value);
    [MethodImpl(Inline)] public static Floats1 Divide(Floats1 a, Floats1 b) => new(a._value / b._value);
    [MethodImpl(Inline)] public static Floats1 FusedMultiplyAdd(Floats1 a, Floats1 b, Floats1 c) => new(MathF.FusedMultiplyAdd(a._value, b._value, c._value));
    [MethodImpl(Inline)] public static Floats1 Sqrt(Floats1 a) => new(MathF.Sqrt(a._value));
    [MethodImpl(Inline)] public static Floats1 Max(Floats1 a, Floats1 b) => new(MathF.Max(a._value, b._value));

    [MethodImpl(Inline)] public static Floats1 CreateBits(uint bits) => new(BitConverter.UInt32BitsToSingle(bits));
    [MethodImpl(Inline)] public static Floats1 And(Floats1 a, Floats1 b) => CreateBits(a.Bits & b.Bits);
    [MethodImpl(Inline)] public static Floats1 Or(Floats1 a, Floats1 b) => CreateBits(a.Bits | b.Bits);
    [MethodImpl(Inline)] public static Floats1 AddBits(Floats1 a, Floats1 b) => CreateBits(a.Bits + b.Bits);
    [MethodImpl(Inline)] public static Floats1 SubtractBits(Floats1 a, Floats1 b) => CreateBits(a.Bits - b.Bits);
    [MethodImpl(Inline)] public static Floats1 ShiftLeft(Floats1 a, int count) => CreateBits(a.Bits << count);
    [MethodImpl(Inline)] public static Floats1 ShiftRight(Floats1 a, int count) => CreateBits(a.Bits >> count);
    [MethodImpl(Inline)] public static Floats1 BitsToFloat(Floats1 a) => new((int)a.Bits);

    [MethodImpl(Inline)] public static Floats1 LessThan(Floats1 a, Floats1 b) => CreateBits(a._value < b._value ? uint.MaxValue : 0);
    [MethodImpl(Inline)] public static Floats1 Equal(Floats1 a, Floats1 b) => CreateBits(a._value == b._value ? uint.MaxValue : 0);
    [MethodImpl(Inline)] public static Floats1 Select(Floats1 condition, Floats1 whenTrue, Floats1 whenFalse) => condition.Bits != 0 ? whenTrue : whenFalse;

    [MethodImpl(Inline)] public static Floats1 Load(float* source) => new(*source);
    [MethodImpl(Inline)] public static void Store(Floats1 value, float* destination) => *destination = value._value;
    [MethodImpl(Inline)] public static Floats1 LoadBits16(ushort* source) => CreateBits(*source);
    [MethodImpl(Inline)] public static void StoreBits16(Floats1 value, ushort* destination) => *destination = (ushort)value.Bits;
}
