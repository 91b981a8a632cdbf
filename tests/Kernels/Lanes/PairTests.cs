using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Tests.Kernels.Lanes;

/// <summary>Halves that take turns: what is loaded, worked on and stored comes back to its place.</summary>
[TestFixture(typeof(Floats1))]
[TestFixture(typeof(Floats4))]
[TestFixture(typeof(Floats8))]
[TestFixture(typeof(Floats16))]
internal sealed unsafe class PairTests<TFloats> where TFloats : unmanaged, IRegister<TFloats>
{
    [Test]
    public void EveryBFloat16ComesBackToItsPlace()
    {
        var source = Enumerable.Range(0, 1 << 16).Select(bits => (ushort)bits).ToArray();
        var copied = new ushort[source.Length];
        fixed (ushort* from = source, to = copied)
        {
            for (var i = 0; i < source.Length; i += Pair<TFloats, Alternating>.Count)
                BFloat16Format.Store(BFloat16Format.Load<Pair<TFloats, Alternating>>(from + i), to + i);
        }
        for (var bits = 0; bits < source.Length; bits++)
            Assert.That(copied[bits] == bits || (float.IsNaN(new BFloat16(source[bits])) && float.IsNaN(new BFloat16(copied[bits]))), $"0x{bits:x4} became 0x{copied[bits]:x4}");
    }

    [Test]
    public void SumsAreRoundedInTheirPlaces()
    {
        var random = new Random(1);
        var (a, b) = (Numbers(), Numbers());
        var sums = new BFloat16[a.Length];
        fixed (BFloat16* first = a, second = b, sum = sums)
        {
            for (var i = 0; i < a.Length; i += Pair<TFloats, Alternating>.Count)
                BFloat16Format.StoreRounded(Pair<TFloats, Alternating>.Add(BFloat16Format.Load<Pair<TFloats, Alternating>>(first + i), BFloat16Format.Load<Pair<TFloats, Alternating>>(second + i)), sum + i);
        }
        Assert.That(sums, Is.EqualTo(a.Zip(b, (x, y) => (BFloat16)((float)x + y))));

        BFloat16[] Numbers() => [.. Enumerable.Range(0, 1 << 12).Select(_ => (BFloat16)(random.NextSingle() * 8 - 4))];
    }
}
