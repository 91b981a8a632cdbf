namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>cvt among floating-point formats.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class FloatConversionTests
{
    private static readonly FloatFormat[] _halves = [FloatFormat.Half, FloatFormat.BFloat16];

    [Test]
    public void FloatsBecomeDoubles()
    {
        var numbers = new RandomNumbers(23).Floats();
        Expect.Same(Lanes.Run<double>("cvt.f64.f32 {d}, {s0};", [numbers]), numbers.Select(value => (double)value));
    }

    [Test]
    public void DoublesBecomeFloats([Values] Rounding rounding)
    {
        var random = new RandomNumbers(24);
        double[] numbers =
        [
            .. RandomNumbers.Draw(448, () => Math.ScaleB(random.Normal(), random.Next(-160, 130))),
            0, -0.0, double.PositiveInfinity, double.NegativeInfinity, double.NaN, 1e300, -1e300, 1e-300,
            .. Enumerable.Range(0, 56).Select(i => 1.1f + (i % 4) switch { 0 => Math.ScaleB(1, -24), 1 => 3 * Math.ScaleB(1, -24), 2 => Math.ScaleB(1, -60), _ => -Math.ScaleB(1, -60) }),
        ];
        AssertRounded(FloatFormat.Single, rounding, numbers, [.. Lanes.Run<float>($"cvt.{FloatFormat.Suffix(rounding)}.f32.f64 {{d}}, {{s0}};", [numbers]).Select(value => (double)value)]);
    }

    [TestCase("rni")]
    [TestCase("rzi")]
    [TestCase("rmi")]
    [TestCase("rpi")]
    public void FloatsBecomeWhole(string rounding) => new FloatOperation<float>($"cvt.{rounding}.f32.f32", 1, v => rounding switch
    {
        "rni" => MathF.Round(v[0]),
        "rzi" => MathF.Truncate(v[0]),
        "rmi" => MathF.Floor(v[0]),
        _ => MathF.Ceiling(v[0]),
    }).Verify(new RandomNumbers(25).Floats());

    [Test]
    public void Saturates() => new FloatOperation<float>("cvt.sat.f32.f32", 1, v => v[0] > 0 ? MathF.Min(v[0], 1) : 0).Verify(new RandomNumbers(26).Floats());

    [Test]
    public void FloatsBecomeHalves([ValueSource(nameof(_halves))] FloatFormat format, [Values(Rounding.Nearest, Rounding.TowardZero)] Rounding rounding)
    {
        var random = new RandomNumbers(27);
        float[] numbers = [.. random.Floats(), .. RandomNumbers.Draw(256, () => (float)Math.ScaleB(Math.Abs(random.Normal()), -16))];
        var actual = Lanes.Run<ushort>($"cvt.{FloatFormat.Suffix(rounding)}.{format}.f32 {{d}}, {{s0}};", [numbers]);
        Assert.That(actual.Where((_, i) => float.IsNaN(numbers[i])), Is.All.EqualTo(0x7FFF));
        AssertRounded(format, rounding, [.. numbers.Select(value => (double)value)], [.. actual.Select(format.Value)]);
    }

    /// <summary>All that there are.</summary>
    [Test]
    public void HalvesBecomeFloats([ValueSource(nameof(_halves))] FloatFormat format)
    {
        ushort[] halves = [.. Enumerable.Range(0, 1 << 16).Select(bits => (ushort)bits)];
        Expect.Same(Lanes.Run<float>($"cvt.f32.{format} {{d}}, {{s0}};", [halves]), halves.Select(bits => (float)format.Value(bits)));
    }

    /// <summary>The first source lies in the upper half.</summary>
    [Test]
    public void PairsBecomeHalves([ValueSource(nameof(_halves))] FloatFormat format)
    {
        var random = new RandomNumbers(28);
        float[] first = random.Floats(), second = random.Floats();
        ushort[] One(float[] numbers) => Lanes.Run<ushort>($"cvt.rn.{format}.f32 {{d}}, {{s0}};", [numbers]);
        uint[] Two(string modifier, float[] upper, float[] lower) => Lanes.Run<uint>($"cvt.rn.{modifier}{format}x2.f32 {{d}}, {{s0}}, {{s1}};", [upper, lower]);
        Assert.That(Two("", first, second), Is.EqualTo(One(first).Zip(One(second), (upper, lower) => (uint)upper << 16 | lower)));

        static float[] Positive(float[] numbers) => [.. numbers.Select(value => MathF.Max(value, 0))];
        Assert.That(Two("relu.", first, second), Is.EqualTo(Two("", Positive(first), Positive(second))));
    }

    /// <summary>Ten bits behind the point, and no nearer number.</summary>
    [Test]
    public void FloatsBecomeTf32()
    {
        float[] numbers = [.. new RandomNumbers(29).Floats().Select(value => float.IsFinite(value) ? value : 1)];
        var actual = Lanes.Run<uint>("cvt.rna.tf32.f32 {d}, {s0};", [numbers]);
        Assert.That(actual.Select(bits => bits & 0x1FFF), Is.All.Zero);
        for (var i = 0; i < actual.Length; i++)
        {
            var rounded = BitConverter.UInt32BitsToSingle(actual[i]);
            if (float.IsInfinity(rounded) || numbers[i] == 0)
                continue;
            var unit = Math.ScaleB(1, Math.Max(-126, Math.ILogB(numbers[i])) - 10);
            Assert.That(Math.Abs((double)rounded - numbers[i]), Is.LessThanOrEqualTo(unit / 2), $"{numbers[i]}");
        }
    }

    private static void AssertRounded(FloatFormat format, Rounding rounding, double[] numbers, double[] actual) =>
        Assert.That(actual, Is.EqualTo(numbers.Select(number => double.IsFinite(number) ? format.Round(Rational.Of(number), rounding) : number)));
}
