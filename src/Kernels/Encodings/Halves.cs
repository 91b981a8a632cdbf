using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using GpuOptim.Kernels.Ilgpu;

namespace GpuOptim.Kernels.Encodings;

/// <summary>Reads and writes numbers of an encoding in two halves: a stretch at a time, and one.</summary>
/// <typeparam name="TEncoding">The encoding.</typeparam>
internal static unsafe class Halves<TEncoding> where TEncoding : IHalvesEncoding
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    /// <summary><see cref="IElementEncoding.DecodeOne"/>.</summary>
    [MethodImpl(Inline)]
    public static float DecodeOne(uint number, uint companion) =>
        TEncoding.Decode(new Words32(number << 16), new Words32(TEncoding.HasLowerCompanion ? (uint)(short)companion : companion << 16)).Float;

    /// <summary><see cref="IElementEncoding.EncodeOne"/>.</summary>
    [MethodImpl(Inline)]
    public static UInt2 EncodeOne(float value)
    {
        TEncoding.Encode(Words32.Quiet(new(value)), out var number, out var companion);
        return new(number.Value >> 16, TEncoding.HasLowerCompanion ? companion.Value & 0xFFFF : companion.Value >> 16);
    }

    /// <summary><see cref="IEncoding.Decode"/>.</summary>
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

    /// <summary><see cref="IEncoding.Encode"/>.</summary>
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
        ushort* numbers = (ushort*)stretch.Numbers, companions = (ushort*)stretch.Companion;
        var last = stretch.Length - TWords.Count;
        for (; start <= last; start += TWords.Count)
        {
            var companion = TEncoding.HasLowerCompanion ? TWords.LoadSigned(companions + start) : TWords.LoadUpper(companions + start);
            TWords.Store(TEncoding.Decode(TWords.LoadUpper(numbers + start), companion), values + start);
        }
        return start;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Encode<TWords>(in EncodedStretch stretch, float* values, int start) where TWords : unmanaged, IWords<TWords>
    {
        ushort* numbers = (ushort*)stretch.Numbers, companions = (ushort*)stretch.Companion;
        var last = stretch.Length - TWords.Count;
        for (; start <= last; start += TWords.Count)
        {
            TEncoding.Encode(TWords.Quiet(TWords.Load(values + start)), out var number, out var companion);
            TWords.StoreUpper(number, numbers + start);
            if (TEncoding.HasLowerCompanion)
                TWords.StoreLower(companion, companions + start);
            else
                TWords.StoreUpper(companion, companions + start);
        }
        return start;
    }
}
