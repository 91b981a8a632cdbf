using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using GpuOptim.Kernels.Ilgpu;

namespace GpuOptim.Kernels.Encodings;

/// <summary>
/// A bfloat16, and another one for what its rounding left out, as in Kahan's sums: together they are as good as 16 significant bits. The companion is
/// zero at first.
/// </summary>
/// <remarks>
/// With 2^e the power of two at or below a number, its bfloat16 is off by at most 2^(e-8). The difference is a float, without rounding, and its bfloat16
/// off by at most 2^(e-17), 2^-17 of the number; where that is subnormal, by 2^-134. The sum of both is a float, without rounding.
/// A zero below zero comes back as one above, since the difference of two alike is. What the companion's rounding brings halfway beyond the largest
/// bfloat16, at 3.396e38, is infinite when it is encoded again.
/// </remarks>
internal readonly unsafe struct KahanBFloat16 : IElementEncoding
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    public static int CompanionSize => 2;

    public static bool IsRandom => false;

    public static float DecodeOne(uint number, uint companion) => Words32.AddFloats(new(number << 16), new(companion << 16)).Float;

    public static UInt2 EncodeOne(float value, uint random)
    {
        var word = Words32.Quiet(new(value));
        var number = Words32.ClearLower(Words32.RoundToUpper(word));
        return new(number.Value >> 16, Rest(word, number).Value >> 16);
    }

    public static void Decode(in EncodedStretch stretch, float* values, int vectorBits)
    {
        var done = vectorBits switch
        {
            512 when Vector512.IsHardwareAccelerated => Decode<Words512>(stretch, values, 0),
            256 when Vector256.IsHardwareAccelerated => Decode<Words256>(stretch, values, 0),
            _ => 0,
        };
        Decode<Words32>(stretch, values, done);
    }

    public static void Encode(in EncodedStretch stretch, float* values, int vectorBits)
    {
        var done = vectorBits switch
        {
            512 when Vector512.IsHardwareAccelerated => Encode<Words512>(stretch, values, 0),
            256 when Vector256.IsHardwareAccelerated => Encode<Words256>(stretch, values, 0),
            _ => 0,
        };
        Encode<Words32>(stretch, values, done);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Decode<TWords>(in EncodedStretch stretch, float* values, int start) where TWords : unmanaged, IWords<TWords>
    {
        ushort* numbers = (ushort*)stretch.Numbers, companion = (ushort*)stretch.Companion;
        var last = stretch.Length - TWords.Count;
        for (; start <= last; start += TWords.Count)
            TWords.Store(TWords.AddFloats(TWords.LoadUpper(numbers + start), TWords.LoadUpper(companion + start)), values + start);
        return start;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Encode<TWords>(in EncodedStretch stretch, float* values, int start) where TWords : unmanaged, IWords<TWords>
    {
        ushort* numbers = (ushort*)stretch.Numbers, companion = (ushort*)stretch.Companion;
        var last = stretch.Length - TWords.Count;
        for (; start <= last; start += TWords.Count)
        {
            var word = TWords.Quiet(TWords.Load(values + start));
            var number = TWords.ClearLower(TWords.RoundToUpper(word));
            TWords.StoreUpper(number, numbers + start);
            TWords.StoreUpper(Rest(word, number), companion + start);
        }
        return start;
    }

    /// <summary>What rounding left out, rounded, in the upper half, and anything in the lower. Beside infinity and NaN the difference is no number either.</summary>
    [MethodImpl(Inline)]
    private static TWords Rest<TWords>(in TWords value, in TWords number) where TWords : unmanaged, IWords<TWords> =>
        TWords.RoundToUpper(TWords.ZeroUnlessFinite(TWords.SubtractFloats(value, number)));
}
