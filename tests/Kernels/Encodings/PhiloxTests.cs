using FsCheck.Fluent;
using GpuOptim.Host;
using GpuOptim.Kernels.Encodings;
using GpuOptim.Kernels.Ilgpu;
using GpuOptim.Kernels.Ilgpu.OpenCL;
using GpuOptim.Tests.Optimizers;
using Instructions = GpuOptim.Kernels.Ilgpu.Ptx;

namespace GpuOptim.Tests.Kernels.Encodings;

/// <summary>Random bits are those of Random123, in the order that is documented, whatever way they are made.</summary>
public sealed unsafe class PhiloxTests
{
    /// <summary>From Random123's <c>kat_vectors</c>.</summary>
    [TestCase(new uint[] { 0, 0, 0, 0 }, new uint[] { 0, 0 }, new uint[] { 0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8 })]
    [TestCase(
        new uint[] { 0xFFFF_FFFF, 0xFFFF_FFFF, 0xFFFF_FFFF, 0xFFFF_FFFF },
        new uint[] { 0xFFFF_FFFF, 0xFFFF_FFFF },
        new uint[] { 0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD })]
    [TestCase(
        new uint[] { 0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344 },
        new uint[] { 0xA409_3822, 0x299F_31D0 },
        new uint[] { 0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1 })]
    public void KnownAnswers(uint[] counter, uint[] key, uint[] expected)
    {
        var block = Philox.Block(new(counter[0], counter[1], counter[2], counter[3]), key[0], key[1]);
        Assert.That(Words(block), Is.EqualTo(expected));

        // A stream's element says the counter's lower words, as far as there are so many elements.
        if (counter[1] >> 28 != 0)
            return;
        var stream = new RandomStream(key[0] | ((ulong)key[1] << 32), 8 * (long)(counter[0] | ((ulong)counter[1] << 32)), counter[2], counter[3]);
        foreach (var bits in SimdDevice.VectorWidths)
            Assert.That(Fill(stream, 0, 8, bits), Is.EqualTo(expected.SelectMany(word => (ushort[])[(ushort)word, (ushort)(word >> 16)])), $"{bits} bits");
    }

    [Test]
    public void VectorsAndElementsGiveTheBitsOfBlocks() => PropertyTests.Check(
        from key in Gen.Choose(int.MinValue, int.MaxValue)
        from start in Gen.OneOf(Gen.Choose(0, 100).Select(i => (long)i), Gen.Choose(0, int.MaxValue).Select(i => (1L << 34) + i), Gen.Choose(0, 20).Select(i => (1L << 35) - i), Gen.Choose(0, 1000).Select(i => long.MaxValue - 20_000 - i))
        from offset in Gen.Choose(0, 5000)
        from length in Gen.Choose(0, 600)
        select (key, start, offset, length),
        sample =>
        {
            var stream = new RandomStream((ulong)sample.key * 0x9E37_79B9_7F4A_7C15, sample.start, (uint)sample.key ^ 77, 3);
            var expected = new ushort[sample.length];
            for (var i = 0; i < sample.length; i++)
            {
                var element = sample.start + sample.offset + i;
                var words = Words(Philox.Block(stream, element / 8));
                expected[i] = (ushort)(words[element % 8 / 2] >> (element % 2 == 0 ? 0 : 16));
                Assert.That(Philox.Bits(stream, element), Is.EqualTo(expected[i]));
            }
            foreach (var bits in SimdDevice.VectorWidths)
                Assert.That(Fill(stream, sample.offset, sample.length, bits), Is.EqualTo(expected), $"{bits} bits");
        });

    /// <summary>Chi-square over the upper and the lower eight bits of 2^20 half words: 255 degrees of freedom, of which 330 is exceeded one time in a thousand.</summary>
    [TestCase(0)]
    [TestCase(8)]
    public void AreUniform(int shift)
    {
        const int Count = 1 << 20;
        var counts = new int[256];
        foreach (var random in Fill(new(1, 5, 2, 0), 0, Count, SimdDevice.VectorWidths[0]))
            counts[(random >> shift) & 255]++;
        Assert.That(counts.Sum(count => Math.Pow(count - Count / 256.0, 2) / (Count / 256.0)), Is.InRange(185, 330));
    }

    [Test]
    public void StreamsDiffer()
    {
        RandomStream[] streams = [new(1, 0, 0, 0), new(2, 0, 0, 0), new(1UL << 32, 0, 0, 0), new(1, 8, 0, 0), new(1, 1L << 35, 0, 0), new(1, 0, 1, 0), new(1, 0, 0, 1)];
        Assert.That(streams.Select(stream => Convert.ToHexString([.. Fill(stream, 0, 8, 32).SelectMany(BitConverter.GetBytes)])), Is.Unique);
    }

    [Test]
    public void TheUpperHalfOfAProductIsTheSameInOpenCL()
    {
        var random = new Random(1);
        for (var i = 0; i < 1000; i++)
        {
            var (a, b) = ((uint)random.NextInt64(1L << 32), (uint)random.NextInt64(1L << 32));
            Assert.That((Instructions.MultiplyHigh(a, b), OpenCLInstructions.MultiplyHigh(a, b)), Is.EqualTo(((uint)(((UInt128)a * b) >> 32), (uint)(((UInt128)a * b) >> 32))));
        }
    }

    private static uint[] Words(UInt4 block) => [block.X, block.Y, block.Z, block.W];

    private static ushort[] Fill(RandomStream stream, int offset, int length, int vectorBits)
    {
        const ushort Untouched = 0xA5A5;
        var room = Philox.RoomFor(length);
        var buffer = new ushort[room + 64];
        Array.Fill(buffer, Untouched);
        fixed (ushort* start = buffer)
        {
            var first = Philox.Fill(stream, offset, length, start, vectorBits);
            Assert.That(buffer.AsSpan(room).IndexOfAnyExcept(Untouched), Is.EqualTo(-1), "written behind the end");
            return new Span<ushort>(first, length).ToArray();
        }
    }
}
