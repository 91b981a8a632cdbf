using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Lanes;
using ILGPU;

namespace GpuOptim.Kernels.Ilgpu.Encodings;

/// <summary>Numbers of an element type, rounded to the nearest.</summary>
/// <typeparam name="TFormat">The type.</typeparam>
internal readonly struct GpuFormat<TFormat> : IGpuEncoding where TFormat : IFormat
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    public static int NumberSize { [MethodImpl(Inline)] get => TFormat.Size; }

    public static int CompanionSize { [MethodImpl(Inline)] get => 0; }

    public static bool HasBlocks { [MethodImpl(Inline)] get => false; }

    public static bool IsRandom { [MethodImpl(Inline)] get => false; }

    public static bool HasTable { [MethodImpl(Inline)] get => false; }

    public static bool IsSigned { [MethodImpl(Inline)] get => false; }

    [MethodImpl(Inline)]
    public static UInt4 TableEntry(int index) => default;

    [MethodImpl(Inline)]
    public static float DecodeByTable(uint four, int index, uint scale, int table) => 0;

    [MethodImpl(Inline)]
    public static uint EncodeByTable(float value, uint factor, uint random, int table) => 0;

    [MethodImpl(Inline)]
    public static float Decode(uint number, uint companion)
    {
        if (TFormat.Type == ElementType.Float32)
            return Interop.IntAsFloat(number);
        return TFormat.Type == ElementType.BFloat16 ? Interop.IntAsFloat(number << 16) : Ptx.HalfToFloat((ushort)number);
    }

    [MethodImpl(Inline)]
    public static UInt2 ScaleOf(uint largest) => default;

    [MethodImpl(Inline)]
    public static UInt2 Encode(float value, uint factor, uint random)
    {
        if (TFormat.Type == ElementType.Float32)
            return new(Interop.FloatAsInt(value), 0);
        return new(TFormat.Type == ElementType.BFloat16 ? Ptx.FloatsToBFloat16(value, 0) : Ptx.FloatToHalf(value), 0);
    }
}
