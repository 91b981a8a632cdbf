using System.Runtime.CompilerServices;
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
internal readonly unsafe struct KahanBFloat16 : IHalvesEncoding
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    public static int CompanionSize => sizeof(ushort);

    public static bool IsRandom => false;

    public static bool HasLowerCompanion { [MethodImpl(Inline)] get => false; }

    public static float DecodeOne(uint number, uint companion) => Halves<KahanBFloat16>.DecodeOne(number, companion);

    public static UInt2 EncodeOne(float value, uint random) => Halves<KahanBFloat16>.EncodeOne(value);

    public static void Decode(in EncodedStretch stretch, float* values, int vectorBits) => Halves<KahanBFloat16>.Decode(stretch, values, vectorBits);

    public static void Encode(in EncodedStretch stretch, float* values, int vectorBits) => Halves<KahanBFloat16>.Encode(stretch, values, vectorBits);

    [MethodImpl(Inline)]
    public static TWords Decode<TWords>(in TWords number, in TWords companion) where TWords : unmanaged, IWords<TWords> => TWords.AddFloats(number, companion);

    [MethodImpl(Inline)]
    public static void Encode<TWords>(in TWords value, out TWords number, out TWords companion) where TWords : unmanaged, IWords<TWords>
    {
        number = TWords.ClearLower(TWords.RoundToUpper(value));
        // Beside infinity and NaN the difference is no number either.
        companion = TWords.RoundToUpper(TWords.ZeroUnlessFinite(TWords.SubtractFloats(value, number)));
    }
}
