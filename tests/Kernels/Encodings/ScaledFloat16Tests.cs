using System.Runtime.InteropServices;
using FsCheck.Fluent;
using GpuOptim.Host;
using GpuOptim.Kernels.Encodings;
using GpuOptim.Tests.Optimizers;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Kernels.Encodings;

/// <summary>Blocks of binary16 with a scale.</summary>
internal sealed class ScaledFloat16Tests
{
    [Test]
    public void WhatWasDecodedIsEncodedTheSame() => PropertyTests.Check(
        from length in Gen.Choose(0, 700) from seed in PropertyTests.Seeds from exponent in Gen.Choose(-150, 127) select (length, seed, exponent),
        sample =>
        {
            var values = Values(sample.length, sample.seed, sample.exponent);
            var encoded = Encoded.OfAll<ScaledFloat16<Nearest>>(values, size: 2);
            Encoded.OfAll<ScaledFloat16<Nearest>>(encoded.Decode<ScaledFloat16<Nearest>>(), size: 2).MustBe(encoded, "again");

            var decoded = Encoded.OfAll<ScaledFloat16<Stochastic>>(values, (ulong)sample.length, size: 2).Decode<ScaledFloat16<Stochastic>>();
            var again = Encoded.OfAll<ScaledFloat16<Stochastic>>(decoded, 99, size: 2).Decode<ScaledFloat16<Stochastic>>();
            Bits.AreEqual<float>(again, decoded, "stochastic");
        });

    [TestCaseSource(typeof(Encoded), nameof(Encoded.Lengths))]
    public void NumbersAreTheNearestOfElevenPlaces(int length)
    {
        foreach (var exponent in (int[])[-140, -127, -112, -20, 0, 60, 126])
        {
            var values = Values(length, 4, exponent);
            var encoded = Encoded.OfAll<ScaledFloat16<Nearest>>(values, size: 2);
            var decoded = encoded.Decode<ScaledFloat16<Nearest>>();
            var halves = MemoryMarshal.Cast<byte, Half>(encoded.Numbers);
            for (var i = 0; i < length; i++)
            {
                double scale = encoded.Scales[i / 256];
                if (scale == 0)
                    continue;
                var block = decoded[(i / 256 * 256)..Math.Min(length, i / 256 * 256 + 256)];
                var largest = block.Max(MathF.Abs) / scale;
                Assert.That(largest, Is.LessThan(32768).And.GreaterThanOrEqualTo(scale > Math.ScaleB(1, -126) ? 16384 : 0));
                Assert.That(halves[i], Is.EqualTo((Half)(values[i] / scale)));
                Assert.That((double)decoded[i], Is.EqualTo((double)halves[i] * scale));
            }
        }
    }

    [Test]
    public void ALargestThatIsRoundedUpHasTheScaleOfWhatItBecomes()
    {
        var encoded = Encoded.OfAll<ScaledFloat16<Nearest>>([32767.9f, 3e-7f], size: 2);
        Assert.That(encoded.Scales, Is.EqualTo(new[] { 2f }));
        Assert.That(encoded.Decode<ScaledFloat16<Nearest>>()[0], Is.EqualTo(32768));
    }

    [Test]
    public void WhatIsNotFiniteTakesItsBlock(
        [Values(float.NaN, float.PositiveInfinity, float.NegativeInfinity, float.MaxValue)] float poison, [Values(256, 511, 600)] int place)
    {
        var values = Values(700, 3, 2);
        var right = Encoded.OfAll<ScaledFloat16<Nearest>>(values, size: 2).Decode<ScaledFloat16<Nearest>>();
        values[place] = poison;
        Array.Fill(right, float.NaN, place / 256 * 256, Math.Min(256, 700 - place / 256 * 256));
        Bits.AreEqual<float>(Encoded.OfAll<ScaledFloat16<Nearest>>(values, size: 2).Decode<ScaledFloat16<Nearest>>(), right, "poisoned");
    }

    [Test]
    public void ZerosAreZeros()
    {
        var values = new float[300];
        var encoded = Encoded.OfAll<ScaledFloat16<Stochastic>>(values, size: 2);
        Assert.That(encoded.Numbers, Is.All.Zero);
        Bits.AreEqual<float>(encoded.Scales, new float[2], "scales");
        Bits.AreEqual<float>(encoded.Decode<ScaledFloat16<Stochastic>>(), values, "values");
    }

    [Test]
    public void SubnormalsAndHugeOnesHaveTheirElevenPlaces([Values(1e-45f, 1e-42f, 1.1e-38f, 1e-30f, 1.7e38f, 3.4e38f)] float value)
    {
        foreach (var each in (float[])[value, -value])
        {
            Assert.That(Encoded.OfAll<ScaledFloat16<Nearest>>([each], size: 2).Decode<ScaledFloat16<Nearest>>()[0], Is.EqualTo(each).Within(value * Math.ScaleB(1, -11)));
            Assert.That(Encoded.OfAll<ScaledFloat16<Stochastic>>([each], size: 2).Decode<ScaledFloat16<Stochastic>>()[0], Is.EqualTo(each).Within(value * Math.ScaleB(1, -10)));
        }
    }

    [Test]
    public void StochasticRoundingIsRightInTheMean()
    {
        const int Draws = 1 << 20;
        // As multiples of the block's largest: normal ones, and below those.
        float[] ratios = [0.3f, -0.77f, 1.0001e-3f, -1e-8f, 3e-9f, 1e-9f, -3e-12f];
        foreach (var (index, ratio) in ratios.Index())
        {
            const float Scale = 4;
            var values = new float[Draws];
            Array.Fill(values, ratio * 16384 * Scale);
            for (var i = 0; i < Draws; i += EncodedStretch.BlockLength)
                values[i] = 16384 * Scale;
            var encoded = Encoded.Of<ScaledFloat16<Stochastic>>(values, SimdDevice.VectorWidths[0], (ulong)index + 7, size: 2);
            if (index is 0 or 3)
                Encoded.OfAll<ScaledFloat16<Stochastic>>(values, (ulong)index + 7, size: 2).MustBe(encoded, "every width");
            Assert.That(encoded.Scales, Is.All.EqualTo(Scale));
            double magnitude = Math.Abs(values[1] / Scale), quantum = Math.ScaleB(1, Math.Max(Math.ILogB(magnitude), -14) - 10);
            double below = Math.Floor(magnitude / quantum) * quantum, fraction = magnitude / quantum - Math.Floor(magnitude / quantum);
            var halves = MemoryMarshal.Cast<byte, Half>(encoded.Numbers);
            int up = 0, draws = 0;
            for (var i = 0; i < Draws; i++)
            {
                if (i % EncodedStretch.BlockLength == 0)
                    continue;
                draws++;
                var value = (double)halves[i] * Math.Sign(ratio);
                if (value == below + quantum)
                    up++;
                else if (value != below)
                    Assert.Fail($"{ratio} became {value}, not {below} or one quantum more");
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
        return [.. Enumerable.Range(0, length).Select(_ => (float)((random.NextDouble() * 2 - 1) * Math.Pow(10, -10 * random.NextDouble()) * Math.ScaleB(1, exponent)))];
    }
}
