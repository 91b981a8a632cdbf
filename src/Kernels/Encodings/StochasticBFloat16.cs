using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using GpuOptim.Kernels.Ilgpu;

namespace GpuOptim.Kernels.Encodings;

/// <summary>
/// A bfloat16 that is rounded up or down at random, up with the chance that the part between has of the whole: on average nothing is lost, so updates
/// below half of the last place count, too.
/// </summary>
/// <remarks>
/// The random bits are added where the bits to be dropped are, and carry just so often. Numbers that are bfloat16s stay, infinities among them. Beyond
/// the largest number comes infinity, as if it were the next one.
/// </remarks>
internal readonly unsafe struct StochasticBFloat16 : IElementEncoding
{
    /// <summary>Elements whose random bits are made at a time: they stay in the cache.</summary>
    private const int ChunkLength = 1024;

    public static int CompanionSize => 0;

    public static bool IsRandom => true;

    /// <summary>The bits of the bfloat16 that a float becomes.</summary>
    /// <param name="value">The float.</param>
    /// <param name="random">Sixteen random bits.</param>
    public static uint Round(float value, uint random) => Round<Words32>(new(value), new(random)).Value >> 16;

    public static float DecodeOne(uint number, uint companion) => new Words32(number << 16).Float;

    public static UInt2 EncodeOne(float value, uint random) => new(Round(value, random), 0);

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

    [SkipLocalsInit]
    public static void Encode(in EncodedStretch stretch, float* values, int vectorBits)
    {
        var buffer = stackalloc ushort[Philox.RoomFor(ChunkLength)];
        for (var start = 0; start < stretch.Length; start += ChunkLength)
        {
            var length = Math.Min(ChunkLength, stretch.Length - start);
            var random = Philox.Fill(stretch.Random, start, length, buffer, vectorBits);
            var numbers = (ushort*)stretch.Numbers + start;
            var done = vectorBits switch
            {
                512 when Vector512.IsHardwareAccelerated => Encode<Words512>(numbers, values + start, random, 0, length),
                256 when Vector256.IsHardwareAccelerated => Encode<Words256>(numbers, values + start, random, 0, length),
                _ => 0,
            };
            Encode<Words32>(numbers, values + start, random, done, length);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Decode<TWords>(in EncodedStretch stretch, float* values, int start) where TWords : unmanaged, IWords<TWords>
    {
        var numbers = (ushort*)stretch.Numbers;
        var last = stretch.Length - TWords.Count;
        for (; start <= last; start += TWords.Count)
            TWords.Store(TWords.LoadUpper(numbers + start), values + start);
        return start;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Encode<TWords>(ushort* numbers, float* values, ushort* random, int start, int length) where TWords : unmanaged, IWords<TWords>
    {
        for (; start <= length - TWords.Count; start += TWords.Count)
            TWords.StoreUpper(Round(TWords.Load(values + start), TWords.LoadLower(random + start)), numbers + start);
        return start;
    }

    /// <summary>The bfloat16 in the upper half, and anything in the lower.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TWords Round<TWords>(in TWords value, in TWords random) where TWords : unmanaged, IWords<TWords> =>
        TWords.Add(TWords.Quiet(value), random);
}
