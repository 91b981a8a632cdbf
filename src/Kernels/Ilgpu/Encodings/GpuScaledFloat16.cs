using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Encodings;
using ILGPU;
using ILGPU.Util;

namespace GpuOptim.Kernels.Ilgpu.Encodings;

/// <summary>The numbers of <see cref="ScaledFloat16{TRounding}"/>.</summary>
internal readonly struct GpuScaledFloat16<TRounding> : IGpuEncoding where TRounding : IRounding
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    public static int NumberSize { [MethodImpl(Inline)] get => 2; }

    public static int CompanionSize { [MethodImpl(Inline)] get => 0; }

    public static bool HasBlocks { [MethodImpl(Inline)] get => true; }

    public static bool IsRandom { [MethodImpl(Inline)] get => TRounding.IsStochastic; }

    public static bool HasTable { [MethodImpl(Inline)] get => false; }

    public static bool IsSigned { [MethodImpl(Inline)] get => false; }

    [MethodImpl(Inline)]
    public static UInt4 TableEntry(int index) => default;

    [MethodImpl(Inline)]
    public static float DecodeByTable(uint four, int index, uint scale, int table) => 0;

    [MethodImpl(Inline)]
    public static uint EncodeByTable(float value, uint factor, uint random, int table) => 0;

    [MethodImpl(Inline)]
    public static float Decode(uint number, uint companion) => Ptx.Multiply(ScaledFloat16Code<TRounding>.Decode((ushort)number), Interop.IntAsFloat(companion));

    /// <remarks>Nothing is multiplied by zero but numbers of a block that is NaN.</remarks>
    [MethodImpl(Inline)]
    public static UInt2 ScaleOf(uint largest)
    {
        var scale = ScaledFloat16Code<TRounding>.Scale(largest);
        var bits = Interop.FloatAsInt(scale);
        return new(bits, Utilities.Select((bits & Blocks.Magnitude) > Blocks.Infinity, 0u, Interop.FloatAsInt(ScaledFloat16Code<TRounding>.Inverse(scale))));
    }

    [MethodImpl(Inline)]
    public static UInt2 Encode(float value, uint factor, uint random)
    {
        uint code = ScaledFloat16Code<TRounding>.Encode(Ptx.Multiply(value, Interop.IntAsFloat(factor)), (ushort)random);
        return new(Utilities.Select(factor == 0, 0u, code), 0);
    }
}
