using GpuOptim.Host;
using GpuOptim.Kernels.Encodings;

namespace GpuOptim.Tests.Kernels.Encodings;

/// <summary>Two bfloat16s are as good as 16 significant bits.</summary>
public sealed class KahanBFloat16Tests
{
    [Test]
    public void TheNumberIsTheNearestAndTheSumWithinItsBound()
    {
        foreach (var value in Stretches.Numbers(1 << 18, seed: 7))
        {
            var code = KahanBFloat16.EncodeOne(value, 0);
            var nearest = (BFloat16)value;
            if (!float.IsFinite(nearest))
            {
                Assert.That(code.X, Is.EqualTo(float.IsNaN(value) ? 0x7FC0 : nearest.Bits));
                Assert.That(code.Y, Is.Zero, $"{value:G9}");
                continue;
            }
            Assert.That(code.X, Is.EqualTo(nearest.Bits), $"{value:G9}");
            var error = Math.Abs((double)value - new BFloat16((ushort)code.X) - new BFloat16((ushort)code.Y));
            var power = value == 0 ? 0 : Math.ScaleB(1, Math.ILogB(value) - 17);
            Assert.That(error, Is.LessThanOrEqualTo(Math.Max(power, Math.ScaleB(1, -134))), $"{value:G9}");
            // Nothing is rounded when both are added.
            Assert.That((double)KahanBFloat16.DecodeOne(code.X, code.Y), Is.EqualTo((double)new BFloat16((ushort)code.X) + new BFloat16((ushort)code.Y)), $"{value:G9}");
        }
    }

    [Test]
    public void ACompanionOfZerosIsABFloat16ThatStays()
    {
        for (var bits = 0u; bits < 1 << 16; bits++)
        {
            var value = new BFloat16((ushort)bits);
            var single = KahanBFloat16.DecodeOne(bits, 0);
            Assert.That(single, Is.EqualTo((float)value));
            if (!float.IsNaN(value))
                Assert.That(new BFloat16((ushort)KahanBFloat16.EncodeOne(single, 0).X) == value && KahanBFloat16.EncodeOne(single, 0).Y == 0, $"0x{bits:x4}");
        }
    }

    /// <summary>Updates of a hundredth of the last place, a thousand times: a bfloat16 alone stays.</summary>
    [Test]
    public void SmallUpdatesAddUp()
    {
        const int Steps = 1000;
        var update = MathF.ScaleB(1, -7) / 100;
        float[] values = [1f, -3f, 100f];
        float[] plain = [.. values];
        var sums = values.Select(value => (double)value).ToArray();
        for (var step = 0; step < Steps; step++)
        {
            for (var i = 0; i < values.Length; i++)
            {
                values[i] += update * Math.Abs(values[i]);
                plain[i] = (BFloat16)(plain[i] + update * Math.Abs(plain[i]));
                sums[i] += update * Math.Abs(sums[i]);
            }
            values = Stretches.Decode<KahanBFloat16>(Stretches.Encode<KahanBFloat16>(values, default, SimdDevice.VectorWidths[0]), SimdDevice.VectorWidths[0]);
        }
        Assert.That(plain, Is.EqualTo((float[])[1f, -3f, 100f]));
        // Each step may lose 2^-17 of the number, ten percent of the update, all one way.
        for (var i = 0; i < values.Length; i++)
            Assert.That(values[i], Is.EqualTo(sums[i]).Within(Math.Abs(sums[i]) * Steps * Math.ScaleB(1, -17)));
        Assert.That(values, Is.All.Not.EqualTo(1f).And.Not.EqualTo(-3f).And.Not.EqualTo(100f));
    }
}
