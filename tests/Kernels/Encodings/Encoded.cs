using GpuOptim.Host;
using GpuOptim.Kernels.Encodings;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Kernels.Encodings;

/// <summary>Floats as an encoding keeps them.</summary>
/// <param name="Numbers">The numbers' bytes.</param>
/// <param name="Scales">The companion.</param>
/// <param name="Length">How many there are.</param>
internal sealed unsafe record Encoded(byte[] Numbers, float[] Scales, int Length)
{
    private const byte Untouched = 0xA5;

    /// <summary>Lengths with odd ends, below and above a block.</summary>
    public static readonly int[] Lengths = [0, 1, 2, 7, 31, 33, 255, 256, 257, 300, 2048 + 5];

    /// <summary>Encodes, and sees to it that nothing is written beyond the end.</summary>
    public static Encoded Of<TEncoding>(ReadOnlySpan<float> values, int vectorBits, ulong key = 1, int size = 1) where TEncoding : IEncoding
    {
        var blocks = (values.Length + EncodedStretch.BlockLength - 1) / EncodedStretch.BlockLength;
        var numbers = new byte[values.Length * size + 64];
        var scales = new float[blocks + 1];
        var copy = values.ToArray();
        Array.Fill(numbers, Untouched);
        Array.Fill(scales, Untouched);
        fixed (byte* to = numbers)
        fixed (float* scale = scales, from = copy)
            TEncoding.Encode(new(to, (byte*)scale, values.Length, new(key, 0, 1, 1)), from, vectorBits);
        Assert.That(numbers[(values.Length * size)..], Is.All.EqualTo(Untouched));
        Assert.That(scales[blocks], Is.EqualTo(Untouched));
        return new(numbers[..(values.Length * size)], scales[..blocks], values.Length);
    }

    /// <summary>Encodes with every width there is, which must make no difference.</summary>
    public static Encoded OfAll<TEncoding>(ReadOnlySpan<float> values, ulong key = 1, int size = 1) where TEncoding : IEncoding
    {
        var encoded = Of<TEncoding>(values, 32, key, size);
        foreach (var vectorBits in SimdDevice.VectorWidths)
            Of<TEncoding>(values, vectorBits, key, size).MustBe(encoded, $"{vectorBits} bits");
        return encoded;
    }

    /// <summary>Decodes with every width there is, which must make no difference.</summary>
    public float[] Decode<TEncoding>() where TEncoding : IEncoding
    {
        var values = Decode<TEncoding>(32);
        foreach (var vectorBits in SimdDevice.VectorWidths)
            Bits.AreEqual<float>(Decode<TEncoding>(vectorBits), values, $"{vectorBits} bits");
        return values;
    }

    public void MustBe(Encoded other, string what)
    {
        Bits.AreEqual<float>(Scales, other.Scales, $"{what}: scale");
        for (var i = 0; i < Numbers.Length; i++)
        {
            if (Numbers[i] != other.Numbers[i])
                Assert.Fail($"{what}: byte {i} is {Numbers[i]}, not {other.Numbers[i]}");
        }
    }

    private float[] Decode<TEncoding>(int vectorBits) where TEncoding : IEncoding
    {
        var values = new float[Length + 16];
        Array.Fill(values, Untouched);
        fixed (byte* from = Numbers)
        fixed (float* scale = Scales, to = values)
            TEncoding.Decode(new(from, (byte*)scale, Length, default), to, vectorBits);
        Assert.That(values[Length..], Is.All.EqualTo(Untouched));
        return values[..Length];
    }
}
