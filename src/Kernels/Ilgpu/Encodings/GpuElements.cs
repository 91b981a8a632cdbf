using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Encodings;

namespace GpuOptim.Kernels.Ilgpu.Encodings;

/// <summary>An encoding in which every number is by itself.</summary>
/// <typeparam name="TEncoding">The encoding.</typeparam>
internal readonly struct GpuElements<TEncoding> : IGpuEncoding where TEncoding : IElementEncoding
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    public static int NumberSize { [MethodImpl(Inline)] get => sizeof(ushort); }

    public static int CompanionSize { [MethodImpl(Inline)] get => TEncoding.CompanionSize; }

    public static bool HasBlocks { [MethodImpl(Inline)] get => false; }

    public static bool IsRandom { [MethodImpl(Inline)] get => TEncoding.IsRandom; }

    public static bool HasTable { [MethodImpl(Inline)] get => false; }

    public static bool IsSigned { [MethodImpl(Inline)] get => false; }

    [MethodImpl(Inline)]
    public static UInt4 TableEntry(int index) => default;

    [MethodImpl(Inline)]
    public static float DecodeByTable(uint four, int index, uint scale, int table) => 0;

    [MethodImpl(Inline)]
    public static uint EncodeByTable(float value, uint factor, uint random, int table) => 0;

    [MethodImpl(Inline)]
    public static float Decode(uint number, uint companion) => TEncoding.DecodeOne(number, companion);

    [MethodImpl(Inline)]
    public static UInt2 ScaleOf(uint largest) => default;

    [MethodImpl(Inline)]
    public static UInt2 Encode(float value, uint factor, uint random) => TEncoding.EncodeOne(value, random);
}
