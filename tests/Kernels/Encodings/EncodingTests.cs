using System.Runtime.InteropServices;
using FsCheck;
using FsCheck.Fluent;
using GpuOptim.Host;
using GpuOptim.Kernels.Encodings;
using GpuOptim.Kernels.Ilgpu;
using GpuOptim.Kernels.Lanes;
using GpuOptim.Tests.Optimizers;
using GpuOptim.Tests.Support;
using GpuOptim.Tests.VirtualCard.Simulator;

namespace GpuOptim.Tests.Kernels.Encodings;

/// <summary>What holds for every encoding of numbers one by one: the same bits with every vector, for every cut, and from a GPU's thread.</summary>
[TestFixture(typeof(StochasticBFloat16))]
[TestFixture(typeof(KahanBFloat16))]
[TestFixture(typeof(RemainderBFloat16))]
[TestFixture(typeof(MasterCopy<BFloat16Format>))]
[TestFixture(typeof(MasterCopy<Float16Format>))]
internal sealed class EncodingTests<TEncoding> where TEncoding : unmanaged, IElementEncoding
{
    private static readonly Gen<long> _start =
        Gen.OneOf(Gen.Choose(0, 40).Select(i => (long)i), Gen.Choose(0, int.MaxValue).Select(i => 8L * i), Gen.Choose(0, 40).Select(i => (1L << 35) - i));

    [Test]
    public void EveryVectorAndEveryCutGivesTheBitsOfSingleNumbers() => PropertyTests.Check(
        from length in Gen.OneOf(Gen.Choose(0, 70), Gen.Choose(0, 3000))
        from cuts in Gen.Choose(0, length).ArrayOf(3)
        from start in _start
        from seed in PropertyTests.Seeds
        select (length, cuts, start, seed),
        sample =>
        {
            var values = Stretches.Numbers(sample.length, sample.seed);
            var random = new RandomStream((ulong)sample.seed << 20, sample.start, 9, 2);
            var expected = One(values, random);
            var codes = Stretches.Encode<TEncoding>(values, random, vectorBits: 32);
            AssertSame(codes, expected);
            var floats = Stretches.Decode<TEncoding>(codes, vectorBits: 32);
            Bits.AreEqual<float>(floats, [.. expected.Select(code => TEncoding.DecodeOne(code.X, code.Y))], "decoded");
            foreach (var bits in SimdDevice.VectorWidths)
            {
                var (numbers, companion) = Stretches.Encode<TEncoding>(values, random, bits, sample.cuts);
                Assert.That(numbers, Is.EqualTo(codes.Numbers), $"{bits} bits");
                Assert.That(companion, Is.EqualTo(codes.Companion), $"{bits} bits");
                Assert.That(Stretches.Decode<TEncoding>(codes, bits).Select(BitConverter.SingleToUInt32Bits), Is.EqualTo(floats.Select(BitConverter.SingleToUInt32Bits)), $"{bits} bits");
            }
        });

    /// <summary>What is in memory may be anything.</summary>
    [Test]
    public void EveryVectorDecodesAnything()
    {
        var random = new Random(1);
        var numbers = Enumerable.Range(0, 1 << 16).Select(bits => (ushort)bits).ToArray();
        var companion = new byte[numbers.Length * TEncoding.CompanionSize];
        random.NextBytes(companion);
        var expected = Stretches.Decode<TEncoding>((numbers, companion), vectorBits: 32);
        foreach (var bits in SimdDevice.VectorWidths)
            Bits.AreEqual<float>(Stretches.Decode<TEncoding>((numbers, companion), bits), expected, $"{bits} bits");
    }

    /// <summary>
    /// What was decoded is encoded as it was, but for the sign of a zero. With a compensation, what comes to lie halfway beyond the largest bfloat16
    /// is infinite then.
    /// </summary>
    [Test]
    public void DecodedNumbersStay()
    {
        const uint Halfway = 0x7F7F_8000;
        float[] values = [.. Stretches.Numbers(1 << 14, seed: 3).Where(value => !float.IsFinite(value) || Math.Abs(value) < 0.99f * BitConverter.UInt32BitsToSingle(Halfway))];
        var first = Stretches.Decode<TEncoding>(Stretches.Encode<TEncoding>(values, new(1, 0, 0, 0), SimdDevice.VectorWidths[0]), SimdDevice.VectorWidths[0]);
        var second = Stretches.Decode<TEncoding>(Stretches.Encode<TEncoding>(first, new(2, 0, 0, 0), SimdDevice.VectorWidths[0]), SimdDevice.VectorWidths[0]);
        Assert.That(second, Is.EqualTo(first));
    }

    /// <summary>As PTX, executed here.</summary>
    [Test]
    public void AGpusThreadGivesTheSameBits()
    {
        const int Length = 2000, GroupSize = 256;
        var values = Stretches.Numbers(Length, seed: 1);
        var random = new RandomStream(0x0123_4567_89AB_CDEF, (1L << 35) - 1003, 12, 1);
        var (architecture, instructionSet) = GpuKernel.Architectures[1];
        var ptx = new GpuKernel("Encoding", ((Delegate)EncodingKernel<TEncoding>.Run).Method).Compile(architecture, instructionSet);
        if (TEncoding.IsRandom)
            Assert.That(ptx, Does.Contain("mul.hi.u32"));
        using var card = new Card();
        var (encoded, decoded) = (card.Poisoned<UInt2>(Length), card.Poisoned<float>(Length));
        Expect.Clean(card.Launch(ptx, (Length + GroupSize - 1) / GroupSize, GroupSize, [card.Allocate(values), card.Allocate([random]), encoded, decoded]));
        AssertSame(Stretches.Encode<TEncoding>(values, random, SimdDevice.VectorWidths[0]), encoded.Read());
        Bits.AreEqual<float>(decoded.Read(), [.. One(values, random).Select(code => TEncoding.DecodeOne(code.X, code.Y))], "decoded");
    }

    private static UInt2[] One(float[] values, RandomStream random) =>
        [.. values.Select((value, i) => TEncoding.EncodeOne(value, TEncoding.IsRandom ? Philox.Bits(random, random.Start + i) : 0))];

    /// <summary>The same bits; but copies of NaN are any NaN, as the processor rounds them.</summary>
    private static void AssertSame((ushort[] Numbers, byte[] Companion) actual, UInt2[] expected)
    {
        if (typeof(TEncoding) == typeof(MasterCopy<Float16Format>))
            Bits.AreEqual<Half>(MemoryMarshal.Cast<ushort, Half>(actual.Numbers), [.. expected.Select(code => BitConverter.UInt16BitsToHalf((ushort)code.X))], "numbers");
        else if (typeof(TEncoding) == typeof(MasterCopy<BFloat16Format>))
            Bits.AreEqual<BFloat16>([.. actual.Numbers.Select(bits => new BFloat16(bits))], [.. expected.Select(code => new BFloat16((ushort)code.X))], "numbers");
        else
            Assert.That(actual.Numbers, Is.EqualTo(expected.Select(code => (ushort)code.X)));
        Assert.That(actual.Companion, Is.EqualTo(expected.SelectMany(code => BitConverter.GetBytes(code.Y)[..TEncoding.CompanionSize])));
    }
}
