using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Encodings;
using ILGPU;
using ILGPU.Util;

namespace GpuOptim.Kernels.Ilgpu.Encodings;

/// <summary>The numbers of <see cref="Dynamic8{TSign, TRounding}"/>.</summary>
internal readonly struct GpuDynamic8<TSign, TRounding> : IGpuEncoding
    where TSign : ISign
    where TRounding : IRounding
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    public static int NumberSize { [MethodImpl(Inline)] get => 1; }

    public static int CompanionSize { [MethodImpl(Inline)] get => 0; }

    public static bool HasBlocks { [MethodImpl(Inline)] get => true; }

    public static bool IsRandom { [MethodImpl(Inline)] get => TRounding.IsStochastic; }

    // A third of an exponent is the decade, or the one below, of a position on the line from zero to the smallest magnitude: each decade begins between
    // 2^2.5 and 2^5 there, or 2^3, 2^6 and so on times that. Multiplied by 2731 / 2^32 a float's bits are sixteen times that third.
    private const uint SixteenThirds = 2731;
    private const float LeastPosition = 4;
    private const int LeastPlace = 43 * 16;

    // 2^23 as a float's bits: the lowest bits are a whole number.
    private const uint WholeBits = 0x4B00_0000;
    private const float Whole = 1 << 23;

    public static bool HasTable { [MethodImpl(Inline)] get => true; }

    public static bool IsSigned { [MethodImpl(Inline)] get => TSign.IsSigned; }

    /// <remarks>Eight lines, then nine steps, two to a word.</remarks>
    [MethodImpl(Inline)]
    public static UInt4 TableEntry(int index)
    {
        var line = Dynamic8Code<TSign>.LineEntry(index);
        UInt2 first = Dynamic8Code<TSign>.StepEntry(2 * index - 16), second = Dynamic8Code<TSign>.StepEntry(2 * index - 15);
        var isLine = index < 8;
        return new(
            Utilities.Select(isLine, line.X, first.X), Utilities.Select(isLine, line.Y, first.Y),
            Utilities.Select(isLine, line.Z, second.X), Utilities.Select(isLine, line.W, second.Y));
    }

    /// <remarks>Without a sign the byte, with one the byte's own sign and magnitude, becomes a float by its bits alone.</remarks>
    [MethodImpl(Inline)]
    public static float DecodeByTable(uint four, int index, uint scale, int table)
    {
        var whole = Interop.IntAsFloat(Ptx.Permute(TSign.IsSigned ? four ^ 0x8080_8080 : four, WholeBits, 0x7650 | (uint)index));
        var signed = TSign.IsSigned ? Ptx.Subtract(whole, Whole + 128) : 0;
        var number = TSign.IsSigned ? Ptx.Add(Ptx.Abs(signed), Dynamic8Code<TSign>.NumberStart) : Ptx.Subtract(whole, Whole - Dynamic8Code<TSign>.NumberStart);
        var leading = Interop.FloatAsInt(number) & Blocks.Infinity;
        // Eight bytes an exponent; that of zero comes first.
        var step = TensorCore.LoadSharedTwo(table + (int)(leading >> 20) + GpuTables.StepsOffset - 8 * (TSign.IsSigned ? 126 : 127));
        var value = Ptx.FusedMultiplyAdd(Ptx.Subtract(number, Interop.IntAsFloat(leading)), Interop.IntAsFloat(step.X), Interop.IntAsFloat(step.Y));
        if (!TSign.IsSigned)
            return Ptx.Multiply(value, Interop.IntAsFloat(scale));
        // The byte is above zero where the number is below. A zero has a sign until one without is added.
        var bits = Interop.FloatAsInt(value) | (Interop.FloatAsInt(signed) & ~Blocks.Magnitude);
        return Ptx.FusedMultiplyAdd(Interop.IntAsFloat(bits), Ptx.Negate(Interop.IntAsFloat(scale)), 0);
    }

    /// <remarks>Of a block without a factor, what is a number becomes zero, and so does what is none: a NaN that is made an integer.</remarks>
    [MethodImpl(Inline)]
    public static uint EncodeByTable(float value, uint factor, uint random, int table)
    {
        var ratio = Ptx.Multiply(value, Interop.IntAsFloat(factor));
        var a = TSign.IsSigned ? Ptx.Abs(ratio) : Ptx.Max(ratio, Utilities.Select(factor == 0, 0f, Dynamic8Code<TSign>.Least));
        var first = Ptx.Multiply(a, Dynamic8Code<TSign>.FirstSlope);
        var place = (int)(Ptx.MultiplyHigh(Interop.FloatAsInt(Ptx.MaxNumber(first, LeastPosition)), SixteenThirds) & ~15u) + table - LeastPlace;
        var next = Interop.IntAsFloat(TensorCore.LoadShared(place + 12));
        place += Utilities.Select(a >= next, 16, 0);
        var entry = TensorCore.LoadSharedFour(place);
        var line = Ptx.FusedMultiplyAdd(a, Interop.IntAsFloat(entry.X), Interop.IntAsFloat(entry.Y));
        var position = Ptx.Min(Ptx.Min(line, Ptx.FusedMultiplyAdd(line, Dynamic8Code<TSign>.Third, Interop.IntAsFloat(entry.Z))), first);
        // The product is exact: fused or not, the sum is the same.
        position = TRounding.IsStochastic
            ? Ptx.FusedMultiplyAdd((float)(int)(random | 1), Dynamic8Code<TSign>.RandomStep, position)
            : Ptx.Add(position, Dynamic8Code<TSign>.Half);
        if (!TSign.IsSigned)
            return (uint)IntrinsicMath.Min((int)position, 255);
        var number = (int)Interop.IntAsFloat(Interop.FloatAsInt(position) | (~Interop.FloatAsInt(ratio) & ~Blocks.Magnitude));
        return (uint)IntrinsicMath.Max(IntrinsicMath.Min(number, 127), -128);
    }

    [MethodImpl(Inline)]
    public static float Decode(uint number, uint companion) => Ptx.Multiply(Dynamic8Code<TSign>.Decode((int)number), Interop.IntAsFloat(companion));

    /// <remarks>Nothing is multiplied by zero but what is to be zero all the same.</remarks>
    [MethodImpl(Inline)]
    public static UInt2 ScaleOf(uint largest)
    {
        bool isTiny = largest < Blocks.SmallestNormal, isNumber = largest < Blocks.Infinity;
        var inverse = Interop.FloatAsInt(Ptx.Divide(1, Interop.IntAsFloat(largest)));
        return new(
            Utilities.Select(isTiny, 0u, Utilities.Select(isNumber, largest, Interop.FloatAsInt(float.NaN))),
            Utilities.Select(isTiny | !isNumber, 0u, inverse));
    }

    [MethodImpl(Inline)]
    public static UInt2 Encode(float value, uint factor, uint random)
    {
        var u = TRounding.IsStochastic ? Ptx.Multiply((float)(int)(random | 1), Dynamic8Code<TSign>.RandomStep) : Dynamic8Code<TSign>.Half;
        var code = (uint)Dynamic8Code<TSign>.Encode(Ptx.Multiply(value, Interop.IntAsFloat(factor)), u);
        return new(Utilities.Select(factor == 0, 0u, code), 0);
    }
}
