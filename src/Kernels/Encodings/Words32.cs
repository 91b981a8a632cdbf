using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Ilgpu;
using GpuOptim.Kernels.Lanes;
using ILGPU;
using ILGPU.Util;

namespace GpuOptim.Kernels.Encodings;

/// <summary>One word: of a GPU's thread, and the reference that every vector must equal.</summary>
internal unsafe struct Words32(uint value) : IWords<Words32>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    public uint Value = value;

    public Words32(float value) : this(Interop.FloatAsInt(value))
    {
    }

    public static int Count => 1;

    /// <summary>The float.</summary>
    public readonly float Float => Interop.IntAsFloat(Value);

    [MethodImpl(Inline)] public static Words32 Create(uint value) => new(value);

    [MethodImpl(Inline)] public static Words32 Load(float* source) => new(*source);
    [MethodImpl(Inline)] public static void Store(in Words32 value, float* destination) => *destination = value.Float;
    [MethodImpl(Inline)] public static Words32 LoadUpper(ushort* source) => new((uint)*source << 16);
    [MethodImpl(Inline)] public static Words32 LoadLower(ushort* source) => new((uint)*source);
    [MethodImpl(Inline)] public static Words32 LoadSigned(ushort* source) => new((uint)(short)*source);
    [MethodImpl(Inline)] public static void StoreUpper(in Words32 value, ushort* destination) => *destination = (ushort)(value.Value >> 16);
    [MethodImpl(Inline)] public static void StoreLower(in Words32 value, ushort* destination) => *destination = (ushort)value.Value;

    [MethodImpl(Inline)] public static Words32 Add(in Words32 a, in Words32 b) => new(a.Value + b.Value);
    [MethodImpl(Inline)] public static Words32 AddFloats(in Words32 a, in Words32 b) => new(Ptx.Add(a.Float, b.Float));
    [MethodImpl(Inline)] public static Words32 SubtractFloats(in Words32 a, in Words32 b) => new(Ptx.Subtract(a.Float, b.Float));

    [MethodImpl(Inline)]
    public static Words32 Quiet(in Words32 a) => new(Utilities.Select((a.Value & 0x7FFF_FFFFu) > Bits16.InfinityBits, 0x7FC0_0000u, a.Value));

    [MethodImpl(Inline)]
    public static Words32 ZeroUnlessFinite(in Words32 a) => new(Utilities.Select((a.Value & Bits16.InfinityBits) == Bits16.InfinityBits, 0u, a.Value));

    [MethodImpl(Inline)] public static Words32 RoundToUpper(in Words32 a) => new(a.Value + 0x7FFFu + ((a.Value >> 16) & 1));
    [MethodImpl(Inline)] public static Words32 ClearLower(in Words32 a) => new(a.Value & 0xFFFF_0000u);
}
