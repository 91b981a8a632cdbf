using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Simd;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Kernels.Lanes;

/// <summary>The 16-bit formats against .NET's own conversions: every pattern, and floats around every place where rounding changes.</summary>
[Parallelizable(ParallelScope.Self)]
[TestFixture(typeof(Floats1))]
[TestFixture(typeof(Floats4))]
[TestFixture(typeof(Floats8))]
[TestFixture(typeof(Floats16))]
[TestFixture(typeof(Pair<Floats1, InSequence>))]
[TestFixture(typeof(Pair<Floats4, InSequence>))]
[TestFixture(typeof(Pair<Floats8, InSequence>))]
[TestFixture(typeof(Pair<Floats16, InSequence>))]
internal sealed unsafe class FormatTests<TFloats> where TFloats : unmanaged, IVector<TFloats>
{
    [Test]
    public void EveryBFloat16IsLoadedAndStored() =>
        Every<BFloat16Format>(bits => new BFloat16((ushort)bits));

    [Test]
    public void EveryFloat16IsLoadedAndStored() =>
        Every<Float16Format>(bits => (float)BitConverter.UInt16BitsToHalf((ushort)bits));

    [Test]
    public void RoundsToBFloat16() => Rounds<BFloat16Format>(value => (float)(BFloat16)value);

    [Test]
    public void RoundsToFloat16() => Rounds<Float16Format>(value => (float)(Half)value);

    [Test]
    public void StoresTheNearestBFloat16() => StoresRounded<BFloat16Format>(value => ((BFloat16)value).Bits, value => float.IsNaN(new BFloat16(value)));

    [Test]
    public void StoresTheNearestFloat16() => StoresRounded<Float16Format>(value => BitConverter.HalfToUInt16Bits((Half)value), value => Half.IsNaN(BitConverter.UInt16BitsToHalf(value)));

    private static void Every<TFormat>(Func<int, float> value) where TFormat : IFormat
    {
        var source = Enumerable.Range(0, 1 << 16).Select(bits => (ushort)bits).ToArray();
        var back = new ushort[source.Length];
        var floats = new float[source.Length];
        fixed (ushort* from = source, to = back)
        fixed (float* result = floats)
        {
            for (var i = 0; i < source.Length; i += TFloats.Count)
            {
                var loaded = Elements<TFormat>.Load<TFloats>(from, i);
                TFloats.Store(loaded, result + i);
                Elements<TFormat>.Store(loaded, to, i);
            }
        }
        for (var bits = 0; bits < source.Length; bits++)
        {
            Assert.That(Bits.Same(floats[bits], value(bits)), $"0x{bits:x4} was loaded as {floats[bits]:G9}");
            Assert.That(back[bits] == bits || (float.IsNaN(value(bits)) && float.IsNaN(value(back[bits]))), $"0x{bits:x4} was stored as 0x{back[bits]:x4}");
        }
    }

    private static void Rounds<TFormat>(Func<float, float> reference) where TFormat : IFormat
    {
        var values = Floats();
        var rounded = new float[values.Length];
        fixed (float* from = values, to = rounded)
        {
            for (var i = 0; i < values.Length; i += TFloats.Count)
                TFloats.Store(TFormat.Round(TFloats.Quiet(TFloats.Load(from + i))), to + i);
        }
        for (var i = 0; i < values.Length; i++)
            Assert.That(Bits.Same(rounded[i], reference(values[i])), $"{values[i]:G9} was rounded to {rounded[i]:G9}, not {reference(values[i]):G9}");
    }

    private static void StoresRounded<TFormat>(Func<float, ushort> reference, Func<ushort, bool> isNaN) where TFormat : IFormat
    {
        var values = Floats();
        var stored = new ushort[values.Length];
        fixed (float* from = values)
        fixed (ushort* to = stored)
        {
            for (var i = 0; i < values.Length; i += TFloats.Count)
                TFormat.StoreRounded(TFloats.Quiet(TFloats.Load(from + i)), to + i);
        }
        for (var i = 0; i < values.Length; i++)
        {
            var right = reference(values[i]);
            Assert.That(stored[i] == right || (isNaN(stored[i]) && isNaN(right)), $"{values[i]:G9} was stored as 0x{stored[i]:x4}, not 0x{right:x4}");
        }
    }

    private static float[] Floats()
    {
        var values = AllFloats().ToArray();
        return values[..(values.Length / TFloats.Count * TFloats.Count)];
    }

    /// <summary>Every number of either format, the midpoints between neighbours, what lies one float beside each, and random patterns.</summary>
    private static IEnumerable<float> AllFloats()
    {
        for (var bits = 0; bits < 1 << 16; bits++)
        {
            var coarse = (uint)bits << 16;
            uint[] around = [coarse, coarse + 0x7FFF, coarse + 0x8000, coarse + 0x8001];
            foreach (var pattern in around)
                yield return BitConverter.UInt32BitsToSingle(pattern);

            var half = (float)BitConverter.UInt16BitsToHalf((ushort)bits);
            var next = (float)BitConverter.UInt16BitsToHalf((ushort)(bits + 1));
            var middle = (float)(((double)half + next) / 2);
            float[] halves = [half, middle, MathF.BitIncrement(middle), MathF.BitDecrement(middle)];
            foreach (var value in halves)
                yield return value;
        }
        yield return 65519.996f;
        yield return 65520f;
        yield return BitConverter.UInt32BitsToSingle(uint.MaxValue);
        yield return BitConverter.UInt32BitsToSingle(int.MaxValue);
        var random = new Random(1);
        for (var i = 0; i < 1 << 18; i++)
            yield return BitConverter.UInt32BitsToSingle((uint)random.NextInt64(1L << 32));
    }
}
