using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace GpuOptim.Kernels.Lanes;

/// <summary>Eight floats in a 256-bit register.</summary>
internal readonly unsafe struct Floats8(Vector256<float> value) : IFloats<Floats8>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    private readonly Vector256<float> _value = value;

    private Vector256<uint> Bits
    {
        [MethodImpl(Inline)]
        get => _value.AsUInt32();
    }

    public static int Count => 8;

    [MethodImpl(Inline)] public static Floats8 Create(float value) => new(Vector256.Create(value));

    [MethodImpl(Inline)] public static Floats8 Add(Floats8 a, Floats8 b) => new(a._value + b._value);
    [MethodImpl(Inline)] public static Floats8 Subtract(Floats8 a, Floats8 b) => new(a._value - b._value);
    [MethodImpl(Inline)] public static Floats8 Multiply(Floats8 a, Floats8 b) => new(a._value * b._value);
    [MethodImpl(Inline)] public static Floats8 Divide(Floats8 a, Floats8 b) => new(a._value / b._value);
    [MethodImpl(Inline)] public static Floats8 FusedMultiplyAdd(Floats8 a, Floats8 b, Floats8 c) => new(Vector256.FusedMultiplyAdd(a._value, b._value, c._value));
    [MethodImpl(Inline)] public static Floats8 Sqrt(Floats8 a) => new(Vector256.Sqrt(a._value));
    [MethodImpl(Inline)] public static Floats8 Max(Floats8 a, Floats8 b) => new(Vector256.Max(a._value, b._value));

    [MethodImpl(Inline)] public static Floats8 CreateBits(uint bits) => new(Vector256.Create(bits).AsSingle());
    [MethodImpl(Inline)] public static Floats8 And(Floats8 a, Floats8 b) => new(a._value & b._value);
    [MethodImpl(Inline)] public static Floats8 Or(Floats8 a, Floats8 b) => new(a._value | b._value);
    [MethodImpl(Inline)] public static Floats8 AddBits(Floats8 a, Floats8 b) => new((a.Bits + b.Bits).AsSingle());
    [MethodImpl(Inline)] public static Floats8 SubtractBits(Floats8 a, Floats8 b) => new((a.Bits - b.Bits).AsSingle());
    [MethodImpl(Inline)] public static Floats8 ShiftLeft(Floats8 a, int count) => new((a.Bits << count).AsSingle());
    [MethodImpl(Inline)] public static Floats8 ShiftRight(Floats8 a, int count) => new((a.Bits >> count).AsSingle());
    [MethodImpl(Inline)] public static Floats8 BitsToFloat(Floats8 a) => new(Vector256.ConvertToSingle(a._value.AsInt32()));

    [MethodImpl(Inline)] public static Floats8 LessThan(Floats8 a, Floats8 b) => new(Vector256.LessThan(a._value, b._value));
    [MethodImpl(Inline)] public static Floats8 Equal(Floats8 a, Floats8 b) => new(Vector256.Equals(a._value, b._value));
    [MethodImpl(Inline)] public static Floats8 Select(Floats8 condition, Floats8 whenTrue, Floats8 whenFalse) => new(Vector256.ConditionalSelect(condition._value, whenTrue._value, whenFalse._value));

    [MethodImpl(Inline)] public static Floats8 Load(float* source) => new(Vector256.Load(source));
    [MethodImpl(Inline)] public static void Store(Floats8 value, float* destination) => value._value.Store(destination);
    [MethodImpl(Inline)] public static Floats8 LoadBits16(ushort* source) => new(Vector256.WidenLower(Vector128.Load(source).ToVector256Unsafe()).AsSingle());
    [MethodImpl(Inline)] public static void StoreBits16(Floats8 value, ushort* destination) => Vector256.Narrow(value.Bits, value.Bits).GetLower().Store(destination);
}
