using System.Numerics;

namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>cvt from and to integers.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class IntegerConversionTests
{
    /// <summary>What is too large becomes the largest; NaN becomes zero, or the highest bit.</summary>
    [Test]
    public void FloatsBecomeIntegers([Values("rni", "rzi", "rmi", "rpi")] string rounding, [ValueSource(typeof(IntegerType), nameof(IntegerType.All))] string type, [Values("f32", "f64")] string source)
    {
        var random = new RandomNumbers(19);
        float[] floats = [.. random.Floats(412), .. RandomNumbers.Draw(100, () => random.Next(-150_000, 150_000) * 1e-3f)];
        double[] doubles = [.. floats.Select(value => value * 1.0000001)];
        var integer = IntegerType.Parse(type);
        var actual = Lanes.Run($"cvt.{rounding}.{type}.{source} {{d}}, {{s0}};", integer.RegisterBits, [source == "f32" ? floats : doubles]);
        for (var i = 0; i < actual.Length; i++)
        {
            var value = source == "f32" ? floats[i] : doubles[i];
            var expected = double.IsNaN(value) ? source == "f32" && integer.Bits < 64 ? 0 : BigInteger.One << (integer.Bits - 1)
                : double.IsInfinity(value) ? value > 0 ? integer.Max : integer.Min
                : integer.Clamp(new(rounding switch { "rni" => Math.Round(value), "rzi" => Math.Truncate(value), "rmi" => Math.Floor(value), _ => Math.Ceiling(value) }));
            Assert.That(integer.InRegister.Wrap(actual[i]), Is.EqualTo(integer.Wrap(expected)), $"{value}");
        }
    }

    /// <summary>What does not fit loses its upper bits; with .sat it becomes the nearest that fits.</summary>
    [Test]
    public void IntegersBecomeIntegers(
        [ValueSource(typeof(IntegerType), nameof(IntegerType.All))] string from, [ValueSource(typeof(IntegerType), nameof(IntegerType.All))] string to, [Values("", ".sat")] string saturation)
    {
        IntegerType source = IntegerType.Parse(from), result = IntegerType.Parse(to);
        var numbers = source.Draw(new RandomNumbers(20));
        var actual = Lanes.Run($"cvt{saturation}.{to}.{from} {{d}}, {{s0}};", result.RegisterBits, [numbers]);
        Assert.That(
            actual.Select(value => result.InRegister.Wrap(value)),
            Is.EqualTo(source.Read(numbers).Select(value => saturation == "" ? result.Wrap(value) : result.Clamp(value))));
    }

    [Test]
    public void IntegersBecomeFloats([ValueSource(typeof(IntegerType), nameof(IntegerType.All))] string type, [Values] Rounding rounding)
    {
        var integer = IntegerType.Parse(type);
        var numbers = integer.Draw(new RandomNumbers(21));
        var actual = Lanes.Run<float>($"cvt.{FloatFormat.Suffix(rounding)}.f32.{type} {{d}}, {{s0}};", [numbers]);
        Assert.That(actual.Select(value => (double)value), Is.EqualTo(integer.Read(numbers).Select(value => FloatFormat.Single.Round(value, rounding))));
    }

    [Test]
    public void IntegersBecomeDoubles([ValueSource(typeof(IntegerType), nameof(IntegerType.All))] string type)
    {
        var integer = IntegerType.Parse(type);
        var numbers = integer.Draw(new RandomNumbers(22));
        var actual = Lanes.Run<double>($"cvt.rn.f64.{type} {{d}}, {{s0}};", [numbers]);
        Expect.Same(actual, integer.Read(numbers).Select(value => FloatFormat.Double.Round(value, Rounding.Nearest)));
    }
}
