namespace GpuOptim.Tests;

public sealed class BFloat16Tests
{
    [TestCase(1f, 0x3F80)]
    [TestCase(1.00390625f, 0x3F80)] // halfway, to even
    [TestCase(1.01171875f, 0x3F82)] // halfway, to even
    [TestCase(1.0040f, 0x3F81)]
    [TestCase(-0f, 0x8000)]
    [TestCase(float.MaxValue, 0x7F80)]
    [TestCase(float.NegativeInfinity, 0xFF80)]
    [TestCase(1e-40f, 0x0001)]
    public void RoundsToNearestEven(float value, int bits) => Assert.That(((BFloat16)value).Bits, Is.EqualTo(bits));

    [Test]
    public void NaNStaysNaN()
    {
        Assert.That(float.IsNaN((BFloat16)float.NaN));
        Assert.That(float.IsNaN((BFloat16)BitConverter.UInt32BitsToSingle(0x7F800001)));
    }

    [Test]
    public void ComparesAsFloatsDo()
    {
        BFloat16 zero = (BFloat16)0f, minusZero = (BFloat16)(-0f), nan = (BFloat16)float.NaN;
        Assert.That(zero == minusZero && zero.Equals(minusZero) && zero.GetHashCode() == minusZero.GetHashCode());
        Assert.That(nan.Equals(nan) && nan.Equals((object)nan));
        Assert.That(nan != new BFloat16(nan.Bits));
        Assert.That(((BFloat16)1.5f).ToString("F2", System.Globalization.CultureInfo.InvariantCulture), Is.EqualTo("1.50"));
    }
}
