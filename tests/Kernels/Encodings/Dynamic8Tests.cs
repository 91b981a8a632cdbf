using FsCheck.Fluent;
using GpuOptim.Kernels.Encodings;
using GpuOptim.Tests.Optimizers;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Kernels.Encodings;

/// <summary>Blocks of bytes of the dynamic code.</summary>
[TestFixture(typeof(Signed))]
[TestFixture(typeof(Unsigned))]
internal sealed class Dynamic8Tests<TSign> where TSign : ISign
{
    [Test]
    public void AnythingIsEncodedAndDecodedAlikeWithEveryWidth() => PropertyTests.Check(
        from length in Gen.Choose(0, 700) from seed in PropertyTests.Seeds from exponent in Gen.Choose(-150, 127) select (length, seed, exponent),
        sample =>
        {
            var values = Values(sample.length, sample.seed, sample.exponent);
            Assert.That(Encoded.OfAll<Dynamic8<TSign, Nearest>>(values).Decode<Dynamic8<TSign, Nearest>>(), Has.Length.EqualTo(sample.length));
            Encoded.OfAll<Dynamic8<TSign, Stochastic>>(values, (ulong)sample.length).Decode<Dynamic8<TSign, Stochastic>>();
        });

    [Test]
    public void EveryRatioIsEncodedAlikeWithEveryWidth()
    {
        // Every block has a 1, so that what it has else is as it is.
        float[] values = [.. Dynamic8CodeTests<TSign>.Ratios().Chunk(255).SelectMany(chunk => chunk.Prepend(1))];
        var nearest = Encoded.OfAll<Dynamic8<TSign, Nearest>>(values);
        Assert.That(nearest.Scales, Is.All.EqualTo(1));
        for (var i = 0; i < values.Length; i++)
        {
            if (nearest.Numbers[i] != Dynamic8Code<TSign>.Encode(values[i], Dynamic8Code<TSign>.Half))
                Assert.Fail($"{values[i]} was encoded as {nearest.Numbers[i]}");
        }
        Encoded.OfAll<Dynamic8<TSign, Stochastic>>(values);
    }

    [Test]
    public void EveryByteIsDecodedAlikeWithEveryWidth([Values(1f, 1e-37f, 3e38f, 0.3f, 0f, float.NaN)] float scale)
    {
        byte[] numbers = [.. Enumerable.Range(0, 256 + 31).Select(i => (byte)i)];
        var values = new Encoded(numbers, [scale, scale], numbers.Length).Decode<Dynamic8<TSign, Nearest>>();
        Bits.AreEqual<float>(values, [.. numbers.Select(code => Dynamic8Code<TSign>.Values[code] * scale + 0f)], "decoded");
        if (scale == 1)
            Assert.That(Encoded.OfAll<Dynamic8<TSign, Nearest>>(values.AsSpan(0, 256)).Numbers, Is.EqualTo((byte[])[(byte)(TSign.IsSigned ? 0 : 1), .. numbers[1..256]]), "no zero without a sign");
    }

    [TestCaseSource(typeof(Encoded), nameof(Encoded.Lengths))]
    public void BlocksHaveTheNearestOfTheirOwnScale(int length)
    {
        var values = Values(length, 5, 0);
        var encoded = Encoded.OfAll<Dynamic8<TSign, Nearest>>(values);
        var decoded = encoded.Decode<Dynamic8<TSign, Nearest>>();
        for (var i = 0; i < length; i++)
        {
            var block = i / EncodedStretch.BlockLength * EncodedStretch.BlockLength;
            var scale = values[block..Math.Min(length, block + EncodedStretch.BlockLength)].Max(MathF.Abs);
            Assert.That(encoded.Scales[i / EncodedStretch.BlockLength], Is.EqualTo(scale));
            var (below, above) = Dynamic8CodeTests<TSign>.Neighbours(Math.Max(values[i] / (double)scale, TSign.IsSigned ? -1 : Dynamic8Code<TSign>.Least));
            // There is no -1.
            if (values[i] < -0.99296875 * scale)
                (below, above) = (-1, -0.99296875 + (1 - 0.99296875));
            var value = TSign.IsSigned ? values[i] : Math.Max(values[i], Dynamic8Code<TSign>.Least * (double)scale);
            Assert.That(Math.Abs(decoded[i] - value), Is.LessThanOrEqualTo((0.5001 * (above - below) + 2e-7 * Math.Abs(below)) * scale), $"{values[i]}");
        }
    }

    [Test]
    public void WhatIsNotFiniteTakesItsBlock([Values(float.NaN, float.PositiveInfinity, float.NegativeInfinity)] float poison, [Values(256, 511, 600)] int place)
    {
        var values = Values(700, 3, 2);
        var right = Encoded.OfAll<Dynamic8<TSign, Nearest>>(values).Decode<Dynamic8<TSign, Nearest>>();
        values[place] = poison;
        Array.Fill(right, float.NaN, place / 256 * 256, Math.Min(256, 700 - place / 256 * 256));
        Bits.AreEqual<float>(Encoded.OfAll<Dynamic8<TSign, Nearest>>(values).Decode<Dynamic8<TSign, Nearest>>(), right, "poisoned");
    }

    [Test]
    public void ZerosAndWhatIsTooSmallAreZeros([Values(0f, -0f, float.Epsilon, 1e-39f)] float value)
    {
        var values = new float[300];
        Array.Fill(values, value);
        var encoded = Encoded.OfAll<Dynamic8<TSign, Stochastic>>(values);
        Assert.That(encoded.Numbers, Is.All.Zero);
        Bits.AreEqual<float>(encoded.Scales, new float[2], "scales");
        Bits.AreEqual<float>(encoded.Decode<Dynamic8<TSign, Stochastic>>(), new float[300], "values");
    }

    [Test]
    public void ASingleOneIsItself([Values(1.2e-38f, 1e-30f, 0.3f, 3f, 1.7e38f, float.MaxValue)] float value)
    {
        Bits.AreEqual<float>(Encoded.OfAll<Dynamic8<TSign, Nearest>>([value]).Decode<Dynamic8<TSign, Nearest>>(), [value], "above zero");
        var below = Encoded.OfAll<Dynamic8<TSign, Nearest>>([-value]).Decode<Dynamic8<TSign, Nearest>>()[0];
        // There is no -1.
        Assert.That(below, Is.EqualTo((TSign.IsSigned ? -0.99296875 : Dynamic8Code<TSign>.Values[1]) * value).Within(Math.Max(value * (TSign.IsSigned ? 1e-7 : 1e-13), float.Epsilon)));
    }

    [Test]
    public void StochasticRoundingIsRightInTheMean()
    {
        const int Draws = 1 << 20;
        // Within decades, where the next ones begin, below the smallest, and below 1.
        float[] ratios = [0.5f, 0.3033f, 0.05f, 0.0023f, 0.1005f, 0.0101f, 0.000967f, 9.2e-5f, 1.1e-5f, 1.5e-6f, 1e-6f, 5e-7f, 1e-7f, 0.995f, 0.9999f];
        if (!TSign.IsSigned)
            ratios = [.. ratios.Where(ratio => ratio > Dynamic8Code<TSign>.Least)];
        else
            ratios = [.. ratios, .. ratios[..^2].Select(ratio => -ratio)];
        foreach (var (index, ratio) in ratios.Index())
        {
            var values = new float[Draws];
            Array.Fill(values, ratio);
            for (var i = 0; i < Draws; i += EncodedStretch.BlockLength)
                values[i] = 1;
            var encoded = Encoded.Of<Dynamic8<TSign, Stochastic>>(values, GpuOptim.Host.SimdDevice.VectorWidths[0], (ulong)index + 7);
            if (ratio == ratios[0])
                Encoded.OfAll<Dynamic8<TSign, Stochastic>>(values, (ulong)index + 7).MustBe(encoded, "every width");
            var (below, above) = Dynamic8CodeTests<TSign>.Neighbours(ratio);
            var fraction = above == below ? 0 : (ratio - below) / (above - below);
            int up = 0, draws = 0;
            for (var i = 0; i < Draws; i++)
            {
                if (i % EncodedStretch.BlockLength == 0)
                    continue;
                draws++;
                var value = Dynamic8CodeTests<TSign>.Value(encoded.Numbers[i]);
                if (value == above)
                    up++;
                else if (value != below)
                    Assert.Fail($"{ratio} became {value}, between {below} and {above}");
            }
            var difference = up - fraction * draws;
            var chiSquare = difference * difference / (draws * fraction * (1 - fraction));
            Assert.That(chiSquare, Is.LessThan(16), $"{ratio}: {up} of {draws}, {fraction:G6} expected");
        }
    }

    /// <summary>Numbers of many decades.</summary>
    private static float[] Values(int length, int seed, int exponent)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, length).Select(_ => (float)((TSign.IsSigned ? random.NextDouble() * 2 - 1 : random.NextDouble()) * Math.Pow(10, -8 * random.NextDouble()) * Math.ScaleB(1, exponent)))];
    }
}
