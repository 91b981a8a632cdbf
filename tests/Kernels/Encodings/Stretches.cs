using System.Runtime.InteropServices;
using GpuOptim.Kernels.Encodings;
using GpuOptim.Kernels.Simd;

namespace GpuOptim.Tests.Kernels.Encodings;

/// <summary>Arrays encoded and decoded; fails if anything beyond their ends is written.</summary>
internal static unsafe class Stretches
{
    private const int Guard = 128;
    private const byte Untouched = 0xA5;

    private static readonly float[] _special =
    [
        0, -0f, 1, -1, 1.00390625f, -1.00390625f, 1.01171875f, 3, 1f / 3, float.Epsilon, -float.Epsilon, 1.17549435e-38f, 1e-40f, -1e-41f, 9.2e-41f, 65504, 65520, 6e-8f, -3e-5f,
        BitConverter.UInt32BitsToSingle(0x7F7F_0000), BitConverter.UInt32BitsToSingle(0x7F7F_7FFF), BitConverter.UInt32BitsToSingle(0x7F7F_8000), float.MaxValue, float.MinValue,
        float.PositiveInfinity, float.NegativeInfinity, float.NaN, -float.NaN, BitConverter.UInt32BitsToSingle(0x7F80_0001), BitConverter.UInt32BitsToSingle(uint.MaxValue),
    ];

    /// <summary>Numbers of every kind: any bits at all, numbers near one, and special ones.</summary>
    public static float[] Numbers(int length, int seed)
    {
        var random = new Random(seed);
        return
        [
            .. Enumerable.Range(0, length).Select(_ => random.Next(4) switch
            {
                0 => _special[random.Next(_special.Length)],
                1 => BitConverter.UInt32BitsToSingle((uint)random.NextInt64(1L << 32)),
                _ => random.NextSingle() * 2 - 1,
            }),
        ];
    }

    /// <summary>Encodes an array.</summary>
    /// <param name="values">The array, which stays.</param>
    /// <param name="random">Its random numbers.</param>
    /// <param name="vectorBits">Width of the vectors.</param>
    /// <param name="cuts">Where it is cut into stretches.</param>
    public static (ushort[] Numbers, byte[] Companion) Encode<TEncoding>(float[] values, RandomStream random, int vectorBits, params int[] cuts) where TEncoding : IElementEncoding
    {
        using NativeBlock numbers = Guarded(2 * values.Length), companion = Guarded(TEncoding.CompanionSize * values.Length);
        int[] ends = [0, .. cuts.Order(), values.Length];
        foreach (var (start, end) in ends.Zip(ends.Skip(1)))
        {
            using var floats = new NativeBlock(4 * (end - start) + 1);
            values.AsSpan(start, end - start).CopyTo(new((void*)floats.Address, end - start));
            var stretch = new EncodedStretch(
                (byte*)numbers.Address + 2 * start, (byte*)companion.Address + TEncoding.CompanionSize * start, end - start, random with { Start = random.Start + start });
            TEncoding.Encode(stretch, (float*)floats.Address, vectorBits);
        }
        return (Taken<ushort>(numbers, values.Length), Taken<byte>(companion, TEncoding.CompanionSize * values.Length));
    }

    /// <summary>Decodes an array.</summary>
    public static float[] Decode<TEncoding>((ushort[] Numbers, byte[] Companion) encoded, int vectorBits) where TEncoding : IElementEncoding
    {
        using var values = Guarded(4 * encoded.Numbers.Length);
        fixed (ushort* numbers = encoded.Numbers)
        fixed (byte* companion = encoded.Companion)
            TEncoding.Decode(new((byte*)numbers, companion, encoded.Numbers.Length, default), (float*)values.Address, vectorBits);
        return Taken<float>(values, encoded.Numbers.Length);
    }

    private static NativeBlock Guarded(int bytes)
    {
        var block = new NativeBlock(bytes + Guard);
        new Span<byte>((void*)block.Address, bytes + Guard).Fill(Untouched);
        return block;
    }

    private static T[] Taken<T>(NativeBlock block, int length) where T : unmanaged
    {
        Assert.That(new Span<byte>((T*)block.Address + length, Guard).IndexOfAnyExcept(Untouched), Is.EqualTo(-1), "written behind the end");
        return MemoryMarshal.Cast<byte, T>(new Span<byte>((void*)block.Address, length * sizeof(T))).ToArray();
    }
}
