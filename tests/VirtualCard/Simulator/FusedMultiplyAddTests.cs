namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>A product and a sum are rounded once.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class FusedMultiplyAddTests
{
    /// <summary>Most of what is added all but cancels the product, or lies far below it.</summary>
    [TestCase("fma")]
    [TestCase("mad")]
    public void RoundsFloatOnce(string opcode)
    {
        const int Count = 4096;
        var random = new RandomNumbers(11);
        float[] a = random.Floats(Count), b = random.Floats(Count), c = random.Floats(Count);
        for (var i = 0; i < 3000; i++)
            c[i] = a[i] * b[i] * (i < Count / 2 ? -(1 + random.Next(-3, 4) * MathF.ScaleB(1, -24)) : MathF.ScaleB(1, random.Next(-30, 30)));
        var actual = Lanes.Run<float>($"{opcode}.rn.f32 {{d}}, {{s0}}, {{s1}}, {{s2}};", [a, b, c]);
        Expect.Same(actual, Enumerable.Range(0, Count).Select(i => (float)Fused(FloatFormat.Single, a[i], b[i], c[i])));
    }

    [Test]
    public void RoundsDoubleOnce()
    {
        const int Count = 4096;
        var random = new RandomNumbers(12);
        double[] a = RandomNumbers.Draw(Count, () => Math.ScaleB(random.Normal(), random.Next(-300, 300))), b = RandomNumbers.Draw(Count, () => Math.ScaleB(random.Normal(), random.Next(-300, 300)));
        double[] specials = [0, double.PositiveInfinity, double.NaN, 1e308, 1e-320, -0.0, 5e-324, 1.7e308];
        specials.CopyTo(a, 0);
        double[] c = [.. a.Zip(b, (x, y) => x * y)];
        for (var i = 0; i < Count; i++)
            c[i] = i < Count / 2 ? random.Normal() * Math.Abs(c[i]) * Math.ScaleB(1, random.Next(-60, 60)) : -c[i] * (1 + random.Next(-3, 4) * Math.ScaleB(1, -53));
        AssertFused(a, b, c);
    }

    /// <summary>a * b = 1 - i * i * 2^-60 is a little less than half a unit of c: rounded twice, it would be half of one.</summary>
    [Test]
    public void RoundsJustBelowHalfAUnit()
    {
        const int Count = 4096;
        var random = new RandomNumbers(13);
        double[] a = new double[Count], b = new double[Count], c = new double[Count];
        for (var i = 0; i < Count; i++)
        {
            var small = Math.ScaleB(1 + 2 * random.Next(0, 4), -30);
            var scale = Math.ScaleB(random.Next(0, 2) * 2 - 1, random.Next(-100, 100));
            (a[i], b[i]) = ((1 + small) * scale, 1 - small);
            c[i] = (random.Next(0, 2) * 2 - 1) * (Math.ScaleB(1, 53) + 2.0 * random.Next(0, int.MaxValue)) * Math.Abs(scale);
        }
        AssertFused(a, b, c);
    }

    [Test]
    public void RoundsAsTold([Values(Rounding.TowardZero, Rounding.Down, Rounding.Up)] Rounding rounding)
    {
        var random = new RandomNumbers(14);
        float[] Draw() => [.. random.Floats(512).Select(value => float.IsFinite(value) ? value : 1)];
        float[] a = Draw(), b = Draw(), c = Draw();
        var actual = Lanes.Run<float>($"fma.{FloatFormat.Suffix(rounding)}.f32 {{d}}, {{s0}}, {{s1}}, {{s2}};", [a, b, c]);
        Assert.That(
            actual.Select(value => (double)value),
            Is.EqualTo(Enumerable.Range(0, actual.Length).Select(i => FloatFormat.Single.Round(Rational.Of(a[i]) * Rational.Of(b[i]) + Rational.Of(c[i]), rounding))));
    }

    private static void AssertFused(double[] a, double[] b, double[] c)
    {
        var actual = Lanes.Run<double>("fma.rn.f64 {d}, {s0}, {s1}, {s2};", [a, b, c]);
        Expect.Same(actual, Enumerable.Range(0, actual.Length).Select(i => Fused(FloatFormat.Double, a[i], b[i], c[i])));
    }

    private static double Fused(FloatFormat format, double a, double b, double c)
    {
        if (!double.IsFinite(a) || !double.IsFinite(b))
            return a * b + c;
        if (!double.IsFinite(c))
            return c;
        var product = Rational.Of(a) * Rational.Of(b);
        var exact = product + Rational.Of(c);
        var isNegativeZero = exact.Sign == 0 && (product.Sign == 0 || c == 0) && double.IsNegative(c) && double.IsNegative(a) != double.IsNegative(b);
        if (isNegativeZero)
            return -0.0;
        var rounded = format.Round(exact, Rounding.Nearest);
        // What underflows keeps its sign.
        return rounded == 0 && exact.Sign < 0 ? -0.0 : rounded;
    }
}
