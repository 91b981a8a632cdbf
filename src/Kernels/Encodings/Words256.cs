using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Encodings;

/// <summary>Sixteen words in two 256-bit registers: their halves fill one, and are packed into it with one instruction.</summary>
internal unsafe struct Words256(Vector256<uint> first, Vector256<uint> second) : IWords<Words256>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    private readonly Vector256<uint> _first = first;
    private readonly Vector256<uint> _second = second;

    public static int Count => 16;

    [MethodImpl(Inline)] public static Words256 Create(uint value) => new(Vector256.Create(value), Vector256.Create(value));

    [MethodImpl(Inline)] public static Words256 Load(float* source) => new(Vector256.Load((uint*)source), Vector256.Load((uint*)source + 8));

    [MethodImpl(Inline)]
    public static void Store(in Words256 value, float* destination)
    {
        value._first.Store((uint*)destination);
        value._second.Store((uint*)destination + 8);
    }

    [MethodImpl(Inline)] public static Words256 LoadUpper(ushort* source) => new(Floats8.Widen(source) << 16, Floats8.Widen(source + 8) << 16);
    [MethodImpl(Inline)] public static Words256 LoadLower(ushort* source) => new(Floats8.Widen(source), Floats8.Widen(source + 8));
    [MethodImpl(Inline)] public static Words256 LoadSigned(ushort* source) => new(Floats8.WidenSigned(source).AsUInt32(), Floats8.WidenSigned(source + 8).AsUInt32());
    [MethodImpl(Inline)] public static void StoreUpper(in Words256 value, ushort* destination) => Pack(value._first >> 16, value._second >> 16, destination);

    [MethodImpl(Inline)]
    public static void StoreLower(in Words256 value, ushort* destination) =>
        Pack(value._first & Vector256.Create(0xFFFFu), value._second & Vector256.Create(0xFFFFu), destination);

    [MethodImpl(Inline)] public static Words256 Add(in Words256 a, in Words256 b) => new(a._first + b._first, a._second + b._second);

    [MethodImpl(Inline)]
    public static Words256 AddFloats(in Words256 a, in Words256 b) =>
        new((a._first.AsSingle() + b._first.AsSingle()).AsUInt32(), (a._second.AsSingle() + b._second.AsSingle()).AsUInt32());

    [MethodImpl(Inline)]
    public static Words256 SubtractFloats(in Words256 a, in Words256 b) =>
        new((a._first.AsSingle() - b._first.AsSingle()).AsUInt32(), (a._second.AsSingle() - b._second.AsSingle()).AsUInt32());

    [MethodImpl(Inline)] public static Words256 Quiet(in Words256 a) => new(Quiet(a._first), Quiet(a._second));
    [MethodImpl(Inline)] public static Words256 ZeroUnlessFinite(in Words256 a) => new(ZeroUnlessFinite(a._first), ZeroUnlessFinite(a._second));
    [MethodImpl(Inline)] public static Words256 RoundToUpper(in Words256 a) => new(RoundToUpper(a._first), RoundToUpper(a._second));

    [MethodImpl(Inline)]
    public static Words256 ClearLower(in Words256 a) => new(a._first & Vector256.Create(0xFFFF_0000u), a._second & Vector256.Create(0xFFFF_0000u));

    [MethodImpl(Inline)]
    private static Vector256<uint> Quiet(Vector256<uint> a) =>
        Vector256.ConditionalSelect(Vector256.Equals(a.AsSingle(), a.AsSingle()).AsUInt32(), a, Vector256.Create(0x7FC0_0000u));

    [MethodImpl(Inline)]
    private static Vector256<uint> ZeroUnlessFinite(Vector256<uint> a)
    {
        var infinity = Vector256.Create(Bits16.InfinityBits);
        return Vector256.AndNot(a, Vector256.Equals(a & infinity, infinity));
    }

    [MethodImpl(Inline)]
    private static Vector256<uint> RoundToUpper(Vector256<uint> a) => a + Vector256.Create(0x7FFFu) + ((a >> 16) & Vector256.Create(1u));

    /// <summary>Stores words that fit into 16 bits.</summary>
    [MethodImpl(Inline)]
    private static void Pack(Vector256<uint> first, Vector256<uint> second, ushort* destination) =>
        (Avx2.IsSupported
            ? Avx2.Permute4x64(Avx2.PackUnsignedSaturate(first.AsInt32(), second.AsInt32()).AsUInt64(), 0b11_01_10_00).AsUInt16()
            : Vector256.Narrow(first, second)).Store(destination);
}
