namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>Kernels as ILGPU writes them around tensor cores.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class MmaSampleTests
{
    private readonly RandomNumbers _random = new(62);

    /// <summary>Fragments that lie ready, of one column of blocks or two, summed over tiles.</summary>
    [TestCase("MmaRef.sm80", 5, 1)]
    [TestCase("MmaNamed.sm80", 3, 1)]
    [TestCase("Mma4Ref.sm80", 4, 2)]
    public void SumsOverTiles(string name, int tiles, int blocks)
    {
        ushort[][] a = [.. Enumerable.Range(0, tiles).Select(_ => Matrices.Draw(_random, 16 * 16))];
        ushort[][] b = [.. Enumerable.Range(0, tiles * blocks).Select(_ => Matrices.Draw(_random, 16 * 8))];
        static uint[] Registers(ushort[] matrix, IEnumerable<(int Row, int Column)> places, int columns) => Fragments.Pack(places.Select(place => matrix[place.Row * columns + place.Column]));
        var fragments = from tile in Enumerable.Range(0, tiles) from lane in Enumerable.Range(0, 32) select (tile, lane);
        uint[] left = [.. fragments.SelectMany(at => Registers(a[at.tile], Fragments.A(at.lane, 16), 16))];
        uint[] right = [.. fragments.SelectMany(at => Enumerable.Range(0, blocks).SelectMany(block => Registers(b[at.tile * blocks + block], Fragments.B(at.lane, 16), 8)))];

        using var card = new Card();
        var c = card.Poisoned<float>(blocks * 32 * 4);
        var statistics = card.Launch(Sample.Read(name), 1, 32, [card.Allocate(left).View(tiles * 32), card.Allocate(right).View(tiles * 32), c.View(blocks * 32), tiles]);
        List<double> expected = [];
        for (var block = 0; block < blocks; block++)
        {
            var products = Enumerable.Range(0, tiles).Select(tile => Matrices.Product(a[tile], b[tile * blocks + block], 16, 8, 16)).ToArray();
            for (var lane = 0; lane < 32; lane++)
                expected.AddRange(Fragments.C(lane).Select(place => products.Sum(product => product[place.Row * 8 + place.Column])));
        }
        Expect.Near(c.Read(), expected, 1e-5);
        Assert.That(statistics.Mma, Is.EqualTo(tiles * blocks));
    }

    /// <summary>cp.async, ldmatrix as it is and turned, mma; of eight columns of B only four are ever written.</summary>
    [Test]
    public void TilesOfWhichAPartIsNeverWritten()
    {
        const int Tiles = 3;
        // 16 bytes of A for each lane, and 8 of B.
        ushort[] a = Matrices.Draw(_random, Tiles * 32 * 8), b = Matrices.Draw(_random, Tiles * 32 * 4);
        using var card = new Card();
        var c = card.Poisoned<float>(32 * 4);
        var statistics = card.Launch(Sample.Read("Tc.sm80"), 1, 32, [card.Allocate(a).Address, card.Allocate(b).Address, c.View(32), Tiles], request => request with { ChecksRaces = true });
        var expected = Enumerable.Range(0, 32).SelectMany(Fragments.C).Select(place => place.Column >= 4 ? double.NaN : Enumerable.Range(0, Tiles * 16).Sum(i =>
        {
            // The sixteen rows of A are loaded twice, as either half of its depth.
            var (tile, k) = (i / 16, i % 16);
            return FloatFormat.BFloat16.Value(a[(tile * 32 + place.Row) * 8 + k % 8]) * FloatFormat.BFloat16.Value(b[(tile * 32 + k) * 4 + place.Column]);
        }));
        Expect.Near(c.Read(), expected, 1e-5);
        Assert.That(statistics.UninitializedShared, Has.Some.Contains("never written"));
        Assert.That(statistics.Races, Is.Empty);
    }
}
