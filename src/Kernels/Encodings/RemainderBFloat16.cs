using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using GpuOptim.Kernels.Ilgpu;

namespace GpuOptim.Kernels.Encodings;

/// <summary>A float in two tensors: its nearest bfloat16, and the lower half of its bits. Together they are the float, exactly, in no more memory.</summary>
/// <remarks>
/// The lower half says whether its upper bit was carried when the number was rounded, and decoding takes the carry back. That is why ties go away from
/// zero: a lower half of 0x8000 always carries. To even it would carry or not, after the upper half's last bit, and of the outcome, even either way,
/// nobody could tell. Apex and TransformerEngine do the same.
/// </remarks>
internal readonly unsafe struct RemainderBFloat16 : IElementEncoding
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    public static int CompanionSize => 2;

    public static bool IsRandom => false;

    public static float DecodeOne(uint number, uint companion) => Words32.Add(new(number << 16), new((uint)(short)companion)).Float;

    public static UInt2 EncodeOne(float value, uint random)
    {
        var word = Words32.Quiet(new(value));
        return new(Carry(word).Value >> 16, word.Value & 0xFFFF);
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

    /// <remarks>A lower half that was carried is negative when it is taken for a signed number: adding it takes one from the upper.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Decode<TWords>(in EncodedStretch stretch, float* values, int start) where TWords : unmanaged, IWords<TWords>
    {
        ushort* numbers = (ushort*)stretch.Numbers, companion = (ushort*)stretch.Companion;
        var last = stretch.Length - TWords.Count;
        for (; start <= last; start += TWords.Count)
            TWords.Store(TWords.Add(TWords.LoadUpper(numbers + start), TWords.LoadSigned(companion + start)), values + start);
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
            TWords.StoreUpper(Carry(word), numbers + start);
            TWords.StoreLower(word, companion + start);
        }
        return start;
    }

    /// <summary>The nearest bfloat16 in the upper half, and anything in the lower.</summary>
    [MethodImpl(Inline)]
    private static TWords Carry<TWords>(in TWords value) where TWords : unmanaged, IWords<TWords> => TWords.Add(value, TWords.Create(0x8000));
}
