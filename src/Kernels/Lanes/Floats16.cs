using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace GpuOptim.Kernels.Lanes;

/// <summary>Sixteen floats in a 512-bit register.</summary>
internal readonly unsafe struct Floats16(Vector512<float> value) : IFloats<Floats16>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    private readonly Vector512<float> _value = value;

    private Vector512<uint> Bits
    {
        [MethodImpl(Inline)]
        get => _value.AsUInt32();
    }

    public static int Count => 16;

    [MethodImpl(Inline)] public static Floats16 Create(float value) => new(Vector512.Create(value));

    [MethodImpl(Inline)] public static Floats16 Add(Floats16 a, Floats16 b) => new(a._value + b._value);
    [MethodImpl(Inline)] public static Floats16 Subtract(Floats16 a, Floats16 b) => new(a._value - b._value);
    [MethodImpl(Inline)] public static Floats16 Multiply(Floats16 a, Floats16 b) => new(a._value * b._value);
    [MethodImpl(Inline)] public static Floats16 Divide(Floats16 a, Floats16 b) => new(a._value / b._value);
    [MethodImpl(Inline)] public static Floats16 FusedMultiplyAdd(Floats16 a, Floats16 b, Floats16 c) => new(Vector512.FusedMultiplyAdd(a._value, b._value, c._value));
    [MethodImpl(Inline)] public static Floats16 Sqrt(Floats16 a) => new(Vector512.Sqrt(a._value));
    [MethodImpl(Inline)] public static Floats16 Max(Floats16 a, Floats16 b) => new(Vector512.Max(a._value, b._value));

    [MethodImpl(Inline)] public static Floats16 CreateBits(uint bits) => new(Vector512.Create(bits).AsSingle());
    [MethodImpl(Inline)] public static Floats16 And(Floats16 a, Floats16 b) => new(a._value & b._value);
    [MethodImpl(Inline)] public static Floats16 Or(Floats16 a, Floats16 b) => new(a._value | b._value);
    [MethodImpl(Inline)] public static Floats16 AddBits(Floats16 a, Floats16 b) => new((a.Bits + b.Bits).AsSingle());
    [MethodImpl(Inline)] public static Floats16 SubtractBits(Floats16 a, Floats16 b) => new((a.Bits - b.Bits).AsSingle());
    [MethodImpl(Inline)] public static Floats16 ShiftLeft(Floats16 a, int count) => new((a.Bits << count).AsSingle());
    [MethodImpl(Inline)] public static Floats16 ShiftRight(Floats16 a, int count) => new((a.Bits >> count).AsSingle());
    [MethodImpl(Inline)] public static Floats16 BitsToFloat(Floats16 a) => new(Vector512.ConvertToSingle(a._value.AsInt32()));

    [MethodImpl(Inline)] public static Floats16 LessThan(Floats16 a, Floats16 b) => new(Vector512.LessThan(a._value, b._value));
    [MethodImpl(Inline)] public static Floats16 Equal(Floats16 a, Floats16 b) => new(Vector512.Equals(a._value, b._value));
    [MethodImpl(Inline)] public static Floats16 Select(Floats16 condition, Floats16 whenTrue, Floats16 whenFalse) => new(Vector512.ConditionalSelect(condition._value, whenTrue._value, whenFalse._value));

    [MethodImpl(Inline)] public static Floats16 Load(float* source) => new(Vector512.Load(source));
    [MethodImpl(Inline)] public static void Store(Floats16 value, float* destination) => value._value.Store(destination);
    [MethodImpl(Inline)] public static Floats16 LoadBits16(ushort* source) => new(Vector512.WidenLower(Vector256.Load(source).ToVector512Unsafe()).AsSingle());
    [MethodImpl(Inline)] public static void StoreBits16(Floats16 value, ushort* destination) => Vector512.Narrow(value.Bits, value.Bits).GetLower().Store(destination);
}
