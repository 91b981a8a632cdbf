using GpuOptim.Kernels.Lanes;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Kernels.Lanes;

/// <summary>
/// Each of PyTorch's operations, in every lane, against its formula written with .NET's scalar arithmetic: ordinary numbers, zeros of
/// either sign, subnormals, infinities, NaN.
/// </summary>
[TestFixture(typeof(Floats1), typeof(Float32Format))]
[TestFixture(typeof(Floats1), typeof(BFloat16Format))]
[TestFixture(typeof(Floats1), typeof(Float16Format))]
[TestFixture(typeof(Floats4), typeof(Float32Format))]
[TestFixture(typeof(Floats4), typeof(BFloat16Format))]
[TestFixture(typeof(Floats4), typeof(Float16Format))]
[TestFixture(typeof(Floats8), typeof(Float32Format))]
[TestFixture(typeof(Floats8), typeof(BFloat16Format))]
[TestFixture(typeof(Floats8), typeof(Float16Format))]
[TestFixture(typeof(Floats16), typeof(Float32Format))]
[TestFixture(typeof(Floats16), typeof(BFloat16Format))]
[TestFixture(typeof(Floats16), typeof(Float16Format))]
internal sealed unsafe class LaneTests<TFloats, TFormat>
    where TFloats : unmanaged, IFloats<TFloats>
    where TFormat : IFormat
{
    private static readonly float[] _scalars = [0f, -0f, 1f, -1f, 0.1f, 0.4999f, 0.5f, 0.9f, 1e-8f, 1e-3f, -0.02f, 3e38f, 1e-45f];

    private delegate Lane<TFloats, TFormat> Operation(Lane<TFloats, TFormat> a, Lane<TFloats, TFormat> b, Lane<TFloats, TFormat> c, float scalar);

    [Test]
    public void Neg() => Verify((a, _, _, _) => a.Neg(), (a, _, _, _) => -a);

    [Test]
    public void AddScaled() => Verify((a, b, _, s) => a.Add(b, s), (a, b, _, s) => Round(MathF.FusedMultiplyAdd(b, Round(s), a)));

    [Test]
    public void AddNumber() => Verify((a, _, _, s) => a.Add(s), (a, _, _, s) => Round(a + Round(s)));

    [Test]
    public void Mul() => Verify((a, _, _, s) => a.Mul(s), (a, _, _, s) => Round(a * s));

    [Test]
    public void MulTensors() => Verify((a, b, _, _) => a.Mul(b), (a, b, _, _) => Round(a * b));

    [Test]
    public void Div() => Verify((a, _, _, s) => a.Div(s), (a, _, _, s) => Round(a / s));

    [Test]
    public void DivTensors() => Verify((a, b, _, _) => a.Div(b), (a, b, _, _) => Round(a / b));

    [Test]
    public void AddCMul() => Verify((a, b, c, s) => a.AddCMul(b, c, s), (a, b, c, s) => Round(MathF.FusedMultiplyAdd(s * b, c, a)));

    [Test]
    public void AddCDiv() => Verify((a, b, c, s) => a.AddCDiv(b, c, s), (a, b, c, s) => Round(a + s * b / c));

    [Test]
    public void Lerp() => Verify(
        (a, b, _, s) => a.Lerp(b, s),
        (a, b, _, s) => Round(s < 0.5f ? MathF.FusedMultiplyAdd(s, b - a, a) : MathF.FusedMultiplyAdd(s - 1, b - a, b)));

    [Test]
    public void Sqrt() => Verify((a, _, _, _) => a.Sqrt(), (a, _, _, _) => Round((float)Math.Sqrt(a)));

    [Test]
    public void Max() => Verify((a, b, _, _) => a.Max(b), (a, b, _, _) => float.IsNaN(a) || float.IsNaN(b) ? float.NaN : MathF.Max(a, b));

    [Test]
    public void Sign() => Verify((a, _, _, _) => a.Sign(), (a, _, _, _) => a > 0 ? 1 : a < 0 ? -1 : 0);

    [Test]
    public void Full() => Verify((_, _, _, s) => Lane<TFloats, TFormat>.Full(s), (_, _, _, s) => Round(s));

    [Test]
    public void WhereNegative() => Verify((a, b, c, _) => a.WhereNegative(b, c), (a, b, c, _) => a < 0 ? b : c);

    private static float Round(float value) => TFormat.Type switch
    {
        ElementType.BFloat16 => (BFloat16)value,
        ElementType.Float16 => (float)(Half)value,
        _ => value,
    };

    private static void Verify(Operation operation, Func<float, float, float, float, float> reference)
    {
        var numbers = Numbers();
        var random = new Random(2);
        var results = new float[TFloats.Count];
        for (var round = 0; round < 2000; round++)
        {
            float[] a = Pick(), b = Pick(), c = Pick();
            var scalar = _scalars[random.Next(_scalars.Length)];
            var lane = operation(Load(a), Load(b), Load(c), scalar);
            fixed (float* to = results)
                TFloats.Store(lane.Value, to);
            for (var i = 0; i < results.Length; i++)
            {
                var expected = reference(a[i], b[i], c[i], scalar);
                Assert.That(Bits.Same(results[i], expected), $"of {a[i]:G9}, {b[i]:G9}, {c[i]:G9} and {scalar:G9}: expected {expected:G9}, was {results[i]:G9}");
            }
        }

        float[] Pick() => [.. Enumerable.Range(0, TFloats.Count).Select(_ => numbers[random.Next(numbers.Length)])];
    }

    private static Lane<TFloats, TFormat> Load(float[] values)
    {
        fixed (float* from = values)
            return new(TFloats.Load(from));
    }

    /// <summary>Numbers of the format: special ones, and random ones of every magnitude.</summary>
    private static float[] Numbers()
    {
        var random = new Random(3);
        float[] special = [0f, -0f, 1f, -1f, float.Epsilon, -1e-40f, 6e-8f, 6.1e-5f, 65504f, 3.4e38f, float.PositiveInfinity, float.NegativeInfinity, float.NaN];
        return
        [
            .. special.Select(Round),
            .. Enumerable.Range(0, 200).Select(_ => Round(random.NextSingle() * 2 - 1)),
            .. Enumerable.Range(0, 100).Select(_ => Round(BitConverter.UInt32BitsToSingle((uint)random.NextInt64(1L << 32)))),
        ];
    }
}
