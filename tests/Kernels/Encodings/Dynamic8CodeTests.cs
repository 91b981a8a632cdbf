using GpuOptim.Kernels.Encodings;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Kernels.Encodings;

/// <summary>The dynamic code against its definition in double.</summary>
[TestFixture(typeof(Signed))]
[TestFixture(typeof(Unsigned))]
internal sealed class Dynamic8CodeTests<TSign> where TSign : ISign
{
    /// <summary>What rounding to floats may move a position by, in steps.</summary>
    private const double Tolerance = 1e-4;

    private static readonly double[] _magnitudes = Magnitudes();

    /// <summary>Every value, in order.</summary>
    private static readonly double[] _sorted = [.. Enumerable.Range(0, 256).Select(Value).Order()];

    [Test]
    public void EveryByteIsWhatTheDefinitionSays()
    {
        for (var code = 0; code < 256; code++)
        {
            var expected = Value(code);
            Assert.That(Dynamic8Code<TSign>.Values[code], Is.EqualTo(expected).Within(Math.Abs(expected) * Math.ScaleB(1, -23)), $"{code}");
            Assert.That(Bits.Same(Dynamic8Code<TSign>.Values[code], Dynamic8Code<TSign>.Decode(code)));
        }
    }

    [Test]
    public void ThereAre256FromZeroTo1()
    {
        Assert.That(Dynamic8Code<TSign>.Values.Distinct().Count(), Is.EqualTo(256));
        Assert.That(Bits.Same(Dynamic8Code<TSign>.Values[0], 0f), "zeroed memory is zeros");
        Assert.That(Dynamic8Code<TSign>.Values.Max(), Is.EqualTo(1));
        Assert.That(Dynamic8Code<TSign>.Values.Min(), TSign.IsSigned ? Is.EqualTo(-0.99296875f) : Is.Zero);
    }

    [Test]
    public void EveryByteIsEncodedAsItself()
    {
        // Zero without a sign becomes the smallest, by which one can divide.
        Assert.That(Dynamic8Code<TSign>.Encode(0, Dynamic8Code<TSign>.Half), Is.EqualTo(TSign.IsSigned ? 0 : 1));
        Assert.That(Dynamic8Code<TSign>.Encode(0, Dynamic8Code<TSign>.RandomStep), Is.EqualTo(TSign.IsSigned ? 0 : 1));
        for (var code = 1; code < 256; code++)
        {
            Assert.That(Dynamic8Code<TSign>.Encode(Dynamic8Code<TSign>.Values[code], Dynamic8Code<TSign>.Half), Is.EqualTo(code));
            Assert.That(Dynamic8Code<TSign>.Encode(Dynamic8Code<TSign>.Values[code], 2 * Dynamic8Code<TSign>.RandomStep), Is.EqualTo(code));
            // The smallest without a sign is taken for a little more.
            var most = !TSign.IsSigned && code == 1 ? 1.0f / 64 : 2 * Dynamic8Code<TSign>.RandomStep;
            Assert.That(Dynamic8Code<TSign>.Encode(Dynamic8Code<TSign>.Values[code], 1 - most), Is.EqualTo(code));
        }
    }

    [Test]
    public void TheNearestIsFound()
    {
        foreach (var ratio in Ratios())
        {
            var code = Dynamic8Code<TSign>.Encode(ratio, Dynamic8Code<TSign>.Half);
            var (below, above) = Neighbours(ratio);
            var nearest = Math.Min(ratio - below, above - ratio);
            if (!(Math.Abs(Value(code) - ratio) <= nearest + Tolerance * (above - below)))
                Assert.Fail($"{ratio:G9} became {Value(code):G9}, between {below:G9} and {above:G9}");
        }
    }

    [Test]
    public void ARandomNumberGoesToEitherNeighbourByWhereItIsBetween([Values(1, 3, 20001, 32767, 65533, 65535)] int random)
    {
        var u = random * Dynamic8Code<TSign>.RandomStep;
        foreach (var ratio in Ratios())
        {
            var value = Value(Dynamic8Code<TSign>.Encode(ratio, u));
            var (below, above) = Neighbours(ratio);
            // Away from zero is up.
            var fraction = below == above ? 0 : ratio < 0 ? (above - ratio) / (above - below) : (ratio - below) / (above - below);
            var (toZero, fromZero) = ratio < 0 ? (above, below) : (below, above);
            var isUp = fraction + u >= 1;
            if (value != (isUp ? fromZero : toZero) && Math.Abs(fraction + u - 1) > Tolerance && !(fraction < Tolerance || fraction > 1 - Tolerance))
                Assert.Fail($"{ratio:G9} became {value:G9} by {u}, between {below:G9} and {above:G9}");
        }
    }

    /// <summary>A byte's value, by what <c>create_dynamic_map</c> defines.</summary>
    internal static double Value(int code)
    {
        if (!TSign.IsSigned)
            return _magnitudes[code];
        var signed = (sbyte)code;
        return signed > 0 ? -_magnitudes[signed] : _magnitudes[-signed];
    }

    /// <summary>The values between which a number lies, or is.</summary>
    internal static (double Below, double Above) Neighbours(double ratio)
    {
        var place = Array.BinarySearch(_sorted, ratio);
        if (place >= 0)
            return (_sorted[place], _sorted[place]);
        place = ~place;
        return (_sorted[Math.Max(place - 1, 0)], _sorted[Math.Min(place, 255)]);
    }

    /// <summary>Floats from 0 to 1 and back to -1: many, and all that are near a value, a midpoint or a power of two.</summary>
    internal static IEnumerable<float> Ratios()
    {
        for (var bits = 0u; bits <= 0x3F80_0000; bits += 4099)
            yield return AtLeast(bits);
        for (var i = 0; i < _sorted.Length; i++)
        {
            double[] centers = [_sorted[i], (_sorted[i] + _sorted[Math.Max(i - 1, 0)]) / 2, Math.ScaleB(1, -(i % 32))];
            foreach (var center in centers)
            {
                var bits = BitConverter.SingleToUInt32Bits((float)Math.Abs(center));
                for (var near = bits - Math.Min(bits, 40); near <= Math.Min(bits + 40, 0x3F80_0000); near++)
                    yield return AtLeast(near);
            }
        }
        if (!TSign.IsSigned)
            yield break;
        for (var bits = 0x8000_0000u; bits <= 0xBF7E_0000; bits += 4099)
            yield return BitConverter.UInt32BitsToSingle(bits);
        yield return MathF.BitIncrement(-0.99296875f);

        // Below the smallest, numbers without a sign are that.
        static float AtLeast(uint bits) => Math.Max(BitConverter.UInt32BitsToSingle(bits), TSign.IsSigned ? 0 : Dynamic8Code<TSign>.Least);
    }

    private static double[] Magnitudes()
    {
        var magnitudes = new List<double> { 0 };
        for (var i = 0; i <= 6; i++)
        {
            var n = TSign.IsSigned ? 1 << i : 2 << i;
            for (var k = 0; k < n; k++)
                magnitudes.Add(Math.Pow(10, i - 6) * (0.1 + 0.9 * (k + 0.5) / n));
        }
        magnitudes.Add(1);
        return [.. magnitudes];
    }
}
