namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>What float has and double has not: flushing, saturation, approximate functions; and the directed roundings.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class SingleTests
{
    private static readonly Rounding[] _directed = [Rounding.TowardZero, Rounding.Down, Rounding.Up];

    [Test]
    public void NaNMayWin()
    {
        var random = new RandomNumbers(4);
        new FloatOperation<float>("max.NaN.f32", 2, v => MathF.Max(v[0], v[1])).Verify(random.Floats(), random.Floats());
    }

    [Test]
    public void FlushesSubnormalNumbers()
    {
        static float Flush(float value) => MathF.Abs(value) < 1.1754944e-38f ? MathF.CopySign(0, value) : value;
        var random = new RandomNumbers(5);
        float[] small = [.. random.Floats().Select(value => value * 1e-30f)], less = [.. random.Floats().Select(value => value * 1e-12f)];
        new FloatOperation<float>("mul.ftz.f32", 2, v => Flush(Flush(v[0]) * Flush(v[1]))).Verify(small, less);
        float[] tiny = [.. small.Select(value => value * 1e-8f)], tinier = [.. less.Select(value => value * 1e-8f)];
        new FloatOperation<float>("add.ftz.f32", 2, v => Flush(Flush(v[0]) + Flush(v[1]))).Verify(tiny, tinier);
    }

    /// <summary>To between 0 and 1; NaN becomes 0.</summary>
    [Test]
    public void Saturates()
    {
        var random = new RandomNumbers(6);
        new FloatOperation<float>("add.sat.f32", 2, v => v[0] + v[1] > 0 ? MathF.Min(v[0] + v[1], 1) : 0).Verify(random.Floats(), random.Floats());
    }

    [Test]
    public void RoundsAsTold([Values("add", "sub", "mul", "div")] string operation, [ValueSource(nameof(_directed))] Rounding rounding)
    {
        var random = new RandomNumbers(7);
        float[] left = Finite(random), right = [.. Finite(random).Select(value => value == 0 ? 3 : value)];
        var actual = Lanes.Run<float>($"{operation}.{FloatFormat.Suffix(rounding)}.f32 {{d}}, {{s0}}, {{s1}};", [left, right]);
        for (var i = 0; i < actual.Length; i++)
        {
            Rational a = Rational.Of(left[i]), b = Rational.Of(right[i]);
            var exact = operation switch { "add" => a + b, "sub" => a - b, "mul" => a * b, _ => a / b };
            Assert.That((double)actual[i], Is.EqualTo(FloatFormat.Single.Round(exact, rounding)), $"{left[i]}, {right[i]}");
        }
    }

    /// <summary>The square is as near as it can be, on the right side.</summary>
    [Test]
    public void RootsAreRoundedAsTold([ValueSource(nameof(_directed))] Rounding rounding)
    {
        float[] squares = [.. Finite(new RandomNumbers(8)).Select(MathF.Abs)];
        var actual = Lanes.Run<float>($"sqrt.{FloatFormat.Suffix(rounding)}.f32 {{d}}, {{s0}};", [squares]);
        for (var i = 0; i < actual.Length; i++)
        {
            static Rational Square(float value) => Rational.Of(value) * Rational.Of(value);
            var (root, square) = (actual[i], Rational.Of(squares[i]));
            if (rounding == Rounding.Up)
                Assert.That(Square(root) >= square && (root == 0 || Square(MathF.BitDecrement(root)) < square), $"{squares[i]}");
            else
                Assert.That(Square(root) <= square && Square(MathF.BitIncrement(root)) > square, $"{squares[i]}");
        }
    }

    /// <summary>Better than the card's: in double, rounded once.</summary>
    [TestCase("rcp.approx.f32", false)]
    [TestCase("rsqrt.approx.f32", false)]
    [TestCase("sqrt.approx.f32", false)]
    [TestCase("lg2.approx.f32", false)]
    [TestCase("ex2.approx.f32", true)]
    [TestCase("ex2.approx.ftz.f32", true)]
    [TestCase("sin.approx.f32", true)]
    [TestCase("cos.approx.f32", true)]
    [TestCase("tanh.approx.f32", true)]
    public void Approximates(string opcode, bool isWide)
    {
        var random = new RandomNumbers(9);
        float[] arguments = isWide ? RandomNumbers.Draw(256, () => random.Next(-30_000_000, 30_000_000) * 1e-6f) : [.. random.Floats().Select(value => MathF.Abs(value) + 1e-20f)];
        Func<double, double> function = opcode.Split('.')[0] switch
        {
            "rcp" => value => 1 / value,
            "rsqrt" => value => 1 / Math.Sqrt(value),
            "sqrt" => Math.Sqrt,
            "lg2" => Math.Log2,
            "ex2" => value => Math.Pow(2, value),
            "sin" => Math.Sin,
            "cos" => Math.Cos,
            _ => Math.Tanh,
        };
        new FloatOperation<float>(opcode, 1, v => (float)function(v[0])).Verify(arguments);
    }

    [TestCase("div.approx.f32")]
    [TestCase("div.full.f32")]
    public void DividesApproximately(string opcode)
    {
        var random = new RandomNumbers(10);
        float[] numbers = [.. random.Floats().Select(value => MathF.Abs(value) + 1e-20f)];
        new FloatOperation<float>(opcode, 2, v => v[0] / v[1]).Verify(numbers, numbers);
        new FloatOperation<float>(opcode, 2, v => v[0] / v[1]).Verify(random.Normals(256), random.Normals(256));
    }

    private static float[] Finite(RandomNumbers random) => [.. random.Floats().Select(value => float.IsFinite(value) ? value : 1)];
}
