using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace GpuOptim.Kernels.Lanes;

/// <summary>Four floats in a 128-bit register.</summary>
internal readonly unsafe struct Floats4(Vector128<float> value) : IFloats<Floats4>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    private readonly Vector128<float> _value = value;

    private Vector128<uint> Bits
    {
        [MethodImpl(Inline)]
        get => _value.AsUInt32();
    }

    public static int Count => 4;

    [MethodImpl(Inline)] public static Floats4 Create(float value) => new(Vector128.Create(value));

    [MethodImpl(Inline)] public static Floats4 Add(Floats4 a, Floats4 b) => new(a._value + b._value);
    [MethodImpl(Inline)] public static Floats4 Subtract(Floats4 a, Floats4 b) => new(a._value - b._value);
    [MethodImpl(Inline)] public static Floats4 Multiply(Floats4 a, Floats4 b) => new(a._value * b._value);
    [MethodImpl(Inline)] public static Floats4 Divide(Floats4 a, Floats4 b) => new(a._value / b._value);
    [MethodImpl(Inline)] public static Floats4 FusedMultiplyAdd(Floats4 a, Floats4 b, Floats4 c) => new(Vector128.FusedMultiplyAdd(a._value, b._value, c._value));
    [MethodImpl(Inline)] public static Floats4 Sqrt(Floats4 a) => new(Vector128.Sqrt(a._value));
    [MethodImpl(Inline)] public static Floats4 Max(Floats4 a, Floats4 b) => new(Vector128.Max(a._value, b._value));

    [MethodImpl(Inline)] public static Floats4 CreateBits(uint bits) => new(Vector128.Create(bits).AsSingle());
    [MethodImpl(Inline)] public static Floats4 And(Floats4 a, Floats4 b) => new(a._value & b._value);
    [MethodImpl(Inline)] public static Floats4 Or(Floats4 a, Floats4 b) => new(a._value | b._value);
    [MethodImpl(Inline)] public static Floats4 AddBits(Floats4 a, Floats4 b) => new((a.Bits + b.Bits).AsSingle());
    [MethodImpl(Inline)] public static Floats4 SubtractBits(Floats4 a, Floats4 b) => new((a.Bits - b.Bits).AsSingle());
    [MethodImpl(Inline)] public static Floats4 ShiftLeft(Floats4 a, int count) => new((a.Bits << count).AsSingle());
    [MethodImpl(Inline)] public static Floats4 ShiftRight(Floats4 a, int count) => new((a.Bits >> count).AsSingle());
    [MethodImpl(Inline)] public static Floats4 BitsToFloat(Floats4 a) => new(Vector128.ConvertToSingle(a._value.AsInt32()));

    [MethodImpl(Inline)] public static Floats4 LessThan(Floats4 a, Floats4 b) => new(Vector128.LessThan(a._value, b._value));
    [MethodImpl(Inline)] public static Floats4 Equal(Floats4 a, Floats4 b) => new(Vector128.Equals(a._value, b._value));
    [MethodImpl(Inline)] public static Floats4 Select(Floats4 condition, Floats4 whenTrue, Floats4 whenFalse) => new(Vector128.ConditionalSelect(condition._value, whenTrue._value, whenFalse._value));

    [MethodImpl(Inline)] public static Floats4 Load(float* source) => new(Vector128.Load(source));
    [MethodImpl(Inline)] public static void Store(Floats4 value, float* destination) => value._value.Store(destination);
    [MethodImpl(Inline)] public static Floats4 LoadBits16(ushort* source) => new(Vector128.WidenLower(Vector64.Load(source).ToVector128Unsafe()).AsSingle());
    [MethodImpl(Inline)] public static void StoreBits16(Floats4 value, ushort* destination) => Vector128.Narrow(value.Bits, value.Bits).GetLower().Store(destination);
}
