using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Encodings;

/// <summary>Sixteen words in a 512-bit register.</summary>
internal unsafe struct Words512(Vector512<uint> value) : IWords<Words512>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    private readonly Vector512<uint> _value = value;

    public static int Count => 16;

    [MethodImpl(Inline)] public static Words512 Create(uint value) => new(Vector512.Create(value));

    [MethodImpl(Inline)] public static Words512 Load(float* source) => new(Vector512.Load((uint*)source));
    [MethodImpl(Inline)] public static void Store(in Words512 value, float* destination) => value._value.Store((uint*)destination);
    [MethodImpl(Inline)] public static Words512 LoadUpper(ushort* source) => new(Floats16.Widen(source) << 16);
    [MethodImpl(Inline)] public static Words512 LoadLower(ushort* source) => new(Floats16.Widen(source));
    [MethodImpl(Inline)] public static Words512 LoadSigned(ushort* source) => new(Floats16.WidenSigned(source).AsUInt32());
    [MethodImpl(Inline)] public static void StoreUpper(in Words512 value, ushort* destination) => Floats16.Narrow(value._value >> 16, destination);
    [MethodImpl(Inline)] public static void StoreLower(in Words512 value, ushort* destination) => Floats16.Narrow(value._value, destination);

    [MethodImpl(Inline)] public static Words512 Add(in Words512 a, in Words512 b) => new(a._value + b._value);
    [MethodImpl(Inline)] public static Words512 AddFloats(in Words512 a, in Words512 b) => new((a._value.AsSingle() + b._value.AsSingle()).AsUInt32());
    [MethodImpl(Inline)] public static Words512 SubtractFloats(in Words512 a, in Words512 b) => new((a._value.AsSingle() - b._value.AsSingle()).AsUInt32());

    [MethodImpl(Inline)]
    public static Words512 Quiet(in Words512 a)
    {
        var isNumber = Vector512.Equals(a._value.AsSingle(), a._value.AsSingle()).AsUInt32();
        return new(Vector512.ConditionalSelect(isNumber, a._value, Vector512.Create(0x7FC0_0000u)));
    }

    [MethodImpl(Inline)]
    public static Words512 ZeroUnlessFinite(in Words512 a)
    {
        var infinity = Vector512.Create(Bits16.InfinityBits);
        return new(Vector512.ConditionalSelect(Vector512.Equals(a._value & infinity, infinity), Vector512<uint>.Zero, a._value));
    }

    [MethodImpl(Inline)]
    public static Words512 RoundToUpper(in Words512 a) => new(a._value + Vector512.Create(0x7FFFu) + ((a._value >> 16) & Vector512.Create(1u)));

    [MethodImpl(Inline)] public static Words512 ClearLower(in Words512 a) => new(a._value & Vector512.Create(0xFFFF_0000u));
}
