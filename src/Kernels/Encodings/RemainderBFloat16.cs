using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Ilgpu;

namespace GpuOptim.Kernels.Encodings;

/// <summary>A float in two tensors: its nearest bfloat16, and the lower half of its bits. Together they are the float, exactly, in no more memory.</summary>
/// <remarks>
/// The lower half says whether its upper bit was carried when the number was rounded, and decoding takes the carry back. That is why ties go away from
/// zero: a lower half of 0x8000 always carries. To even it would carry or not, after the upper half's last bit, and of the outcome, even either way,
/// nobody could tell. Apex and TransformerEngine do the same.
/// </remarks>
internal readonly unsafe struct RemainderBFloat16 : IHalvesEncoding
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    public static int CompanionSize => sizeof(ushort);

    public static bool IsRandom => false;

    public static bool HasLowerCompanion { [MethodImpl(Inline)] get => true; }

    public static float DecodeOne(uint number, uint companion) => Halves<RemainderBFloat16>.DecodeOne(number, companion);

    public static UInt2 EncodeOne(float value, uint random) => Halves<RemainderBFloat16>.EncodeOne(value);

    public static void Decode(in EncodedStretch stretch, float* values, int vectorBits) => Halves<RemainderBFloat16>.Decode(stretch, values, vectorBits);

    public static void Encode(in EncodedStretch stretch, float* values, int vectorBits) => Halves<RemainderBFloat16>.Encode(stretch, values, vectorBits);

    /// <remarks>A lower half that was carried is negative when it is taken for a signed number: adding it takes one from the upper.</remarks>
    [MethodImpl(Inline)]
    public static TWords Decode<TWords>(in TWords number, in TWords companion) where TWords : unmanaged, IWords<TWords> => TWords.Add(number, companion);

    [MethodImpl(Inline)]
    public static void Encode<TWords>(in TWords value, out TWords number, out TWords companion) where TWords : unmanaged, IWords<TWords>
    {
        number = TWords.Add(value, TWords.Create(0x8000));
        companion = value;
    }
}
