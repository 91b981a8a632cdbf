using GpuOptim.Host;
using GpuOptim.Kernels.Encodings;

namespace GpuOptim.Tests.Kernels.Encodings;

/// <summary>Rounded up just as often as the part between says.</summary>
public sealed class StochasticBFloat16Tests
{
    /// <summary>Of all 2^16 random numbers, as many round away from zero as the lower half says; the others drop it.</summary>
    [TestCase(0x3F80_0000u)]
    [TestCase(0x3F80_0001u)]
    [TestCase(0xBF80_4000u)]
    [TestCase(0xC2FF_8000u)]
    [TestCase(0x3FFF_FFFFu)]
    [TestCase(0x0000_0001u)]
    [TestCase(0x8000_1234u)]
    [TestCase(0x007F_FFFFu)]
    [TestCase(0x7F7F_0000u)]
    [TestCase(0x7F7F_FFFFu)]
    [TestCase(0xFF7F_8001u)]
    [TestCase(0x7F80_0000u)]
    [TestCase(0xFF80_0000u)]
    public void ChancesAreExact(uint bits)
    {
        var value = BitConverter.UInt32BitsToSingle(bits);
        var rounded = Enumerable.Range(0, 1 << 16).Select(random => StochasticBFloat16.Round(value, (uint)random)).ToArray();
        Assert.That(rounded.Count(result => result == (bits >> 16) + 1), Is.EqualTo(bits & 0xFFFF));
        Assert.That(rounded.Count(result => result == bits >> 16), Is.EqualTo((1 << 16) - (int)(bits & 0xFFFF)));
    }

    [TestCase(0x7F80_0001u)]
    [TestCase(0x7FFF_FFFFu)]
    [TestCase(0xFF80_0001u)]
    [TestCase(0xFFFF_FFFFu)]
    public void NaNStays(uint bits)
    {
        foreach (var random in (uint[])[0, 1, 0x8000, 0xFFFF])
            Assert.That(StochasticBFloat16.Round(BitConverter.UInt32BitsToSingle(bits), random), Is.EqualTo(0x7FC0));
    }

    /// <summary>
    /// Chi-square of a million draws of a stream: one degree of freedom, of which 10.8 is exceeded one time in a thousand. The mean is then the number,
    /// within three and a half of its standard deviations.
    /// </summary>
    [Test]
    public void TheMeanOfAStreamIsTheNumber([Values(1, 0x0147, 0x2000, 0x5555, 0x8000, 0xC000, 0xFF00, 0xFFFF)] int part, [Values(0x3F80u, 0xC2F7u, 0x0012u)] uint upper)
    {
        const int Count = 1_000_000;
        var value = BitConverter.UInt32BitsToSingle((upper << 16) | (uint)part);
        var values = new float[Count];
        Array.Fill(values, value);
        var numbers = Stretches.Encode<StochasticBFloat16>(values, new((ulong)part * 0x1_0001_0003, 3, upper, 0), SimdDevice.VectorWidths[0]).Numbers;
        double ups = numbers.Count(number => number == upper + 1), chance = part / 65536.0;
        Assert.That(numbers.Count(number => number == upper), Is.EqualTo(Count - ups), "off by more than one unit");
        var difference = ups - Count * chance;
        Assert.That(difference * difference / (Count * chance * (1 - chance)), Is.LessThan(10.8));
    }

    /// <summary>Updates of a hundredth of the last place, a thousand times: to the nearest all are lost.</summary>
    [Test]
    public void SmallUpdatesAddUp()
    {
        const int Count = 4096, Steps = 1000;
        var unit = MathF.ScaleB(1, -7);
        var values = new float[Count];
        Array.Fill(values, 1f);
        for (var step = 0u; step < Steps; step++)
        {
            for (var i = 0; i < Count; i++)
                values[i] += unit / 100;
            values = Stretches.Decode<StochasticBFloat16>(Stretches.Encode<StochasticBFloat16>(values, new(5, 0, step, 0), SimdDevice.VectorWidths[0]), SimdDevice.VectorWidths[0]);
        }
        // Each is some binomial's count of units, of which the variance is 9.9; the mean of all is 64 times narrower.
        Assert.That((values.Average(value => (double)value) - 1) / unit, Is.EqualTo(Steps / 100.0).Within(3.5 * Math.Sqrt(9.9) / 64));
        Assert.That((float)(BFloat16)(1 + unit / 100), Is.EqualTo(1f));
    }
}
