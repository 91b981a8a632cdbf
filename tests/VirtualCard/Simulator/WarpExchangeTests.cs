using System.Numerics;
using VirtualCard.Execution;

namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>shfl, vote, match, redux and activemask, on two warps.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class WarpExchangeTests
{
    private const int Count = 64;

    private readonly uint[] _numbers = new RandomNumbers(43).Integers<uint>(Count);

    private readonly uint[] _few = new RandomNumbers(44).Below(4, Count);

    private readonly bool[] _predicates = new RandomNumbers(45).Predicates(Count);

    [Test]
    public void ButterfliesSum()
    {
        var numbers = new RandomNumbers(46).Normals(Count);
        var instructions = string.Concat(((int[])[16, 8, 4, 2, 1]).Select(distance => $"shfl.sync.bfly.b32 %f1, {{s0}}, {distance}, 0x1f, 0xffffffff; add.f32 {{s0}}, {{s0}}, %f1;"));
        var actual = Lanes.Run<float>(instructions + "mov.f32 {d}, {s0};", [numbers]);
        var expected = numbers;
        foreach (var distance in (int[])[16, 8, 4, 2, 1])
            expected = [.. expected.Select((number, i) => number + expected[i ^ distance])];
        Expect.Same(actual, expected);
    }

    [Test]
    public void TheFirstLaneSums()
    {
        var numbers = new RandomNumbers(47).Normals(Count);
        var instructions = string.Concat(((int[])[16, 8, 4, 2, 1]).Select(distance => $"shfl.sync.down.b32 %f1, {{s0}}, {distance}, 31, 0xffffffff; add.f32 {{s0}}, {{s0}}, %f1;"));
        var actual = Lanes.Run<float>(instructions + "mov.f32 {d}, {s0};", [numbers]);
        Expect.Near(actual.Where((_, i) => i % 32 == 0), numbers.Chunk(32).Select(warp => warp.Sum(number => (double)number)), 1e-5);
    }

    /// <summary>The predicate tells where there is a lane to take from.</summary>
    [Test]
    public void LanesScan()
    {
        var instructions = string.Concat(((int[])[1, 2, 4, 8, 16]).Select(distance => $"shfl.sync.up.b32 %r5|%p1, {{s0}}, {distance}, 0, -1; @%p1 add.u32 {{s0}}, {{s0}}, %r5;"));
        var actual = Lanes.Run<uint>(instructions + "mov.b32 {d}, {s0};", [_numbers]);
        var expected = new uint[Count];
        for (var i = 0; i < Count; i++)
            expected[i] = _numbers[i] + (i % 32 == 0 ? 0 : expected[i - 1]);
        Assert.That(actual, Is.EqualTo(expected));
    }

    [Test]
    public void OneLaneTellsAll() => Assert.That(
        Lanes.Run<uint>("shfl.sync.idx.b32 {d}, {s0}, 3, 0x1f, -1;", [_numbers]),
        Is.EqualTo(_numbers.Select((_, i) => _numbers[(i & ~31) + 3])));

    /// <summary>In segments of eight.</summary>
    [Test]
    public void SegmentsExchangeAlone()
    {
        Assert.That(Lanes.Run<uint>("shfl.sync.idx.b32 {d}, {s0}, 9, 0x181f, -1;", [_numbers]), Is.EqualTo(_numbers.Select((_, i) => _numbers[(i & ~7) + 1])));
        Assert.That(Lanes.Run<uint>("shfl.sync.down.b32 {d}, {s0}, 4, 0x181f, -1;", [_numbers]), Is.EqualTo(_numbers.Select((_, i) => _numbers[i % 8 < 4 ? i + 4 : i])));
    }

    [Test]
    public void AnAbsentLaneGivesPoison()
    {
        var actual = Lanes.Run<uint>("mov.u32 {d}, 1; setp.lt.u32 %p1, %r0, 8; @!%p1 bra S; shfl.sync.idx.b32 {d}, {s0}, 20, 0x1f, 0xff; S:", [_numbers]);
        Assert.That(actual, Is.EqualTo(Enumerable.Range(0, Count).Select(i => i % 32 < 8 ? 0x7FFF7FFFu : 1)));
    }

    [Test]
    public void BallotsCount()
    {
        var ballots = _predicates.Chunk(32).Select(warp => warp.Select((predicate, lane) => predicate ? 1u << lane : 0).Aggregate((a, b) => a | b)).ToArray();
        Assert.That(Lanes.Run<uint>("vote.sync.ballot.b32 {d}, {s0}, 0xffffffff;", [_predicates]), Is.EqualTo(Enumerable.Range(0, Count).Select(i => ballots[i / 32])));
    }

    [TestCase("all")]
    [TestCase("any")]
    public void HalvesOfAWarpVote(string mode)
    {
        bool[] predicates = [.. _predicates.Select((predicate, i) => i < 16 || (i is < 32 or >= 48 && predicate))];
        const string Mask = "and.b32 %r6, %r0, 16; setp.eq.u32 %p3, %r6, 0; selp.b32 %r7, 0xffff, 0xffff0000, %p3;";
        var actual = Lanes.Run<bool>($"vote.sync.{mode}.pred {{d}}, {{s0}}, %r7;", [predicates], Mask);
        Assert.That(actual, Is.EqualTo(predicates.Chunk(16).SelectMany(half => Enumerable.Repeat(mode == "all" ? half.All(p => p) : half.Any(p => p), 16))));
    }

    [Test]
    public void ActiveLanesAreKnown()
    {
        Assert.That(Lanes.Run<uint>("activemask.b32 {d};", [_numbers]), Is.All.EqualTo(uint.MaxValue));
        Assert.That(
            Lanes.Run<uint>("mov.u32 {d}, 0; setp.lt.u32 %p1, %r0, 5; @%p1 activemask.b32 {d};", [_numbers]),
            Is.EqualTo(Enumerable.Range(0, Count).Select(i => i % 32 < 5 ? 31u : 0)));
    }

    [Test]
    public void EqualsFindEachOther()
    {
        Assert.That(
            Lanes.Run<uint>("match.any.sync.b32 {d}, {s0}, 0xffffffff;", [_few]),
            Is.EqualTo(_few.Select((number, i) => Enumerable.Range(0, 32).Select(lane => _few[(i & ~31) + lane] == number ? 1u << lane : 0).Aggregate((a, b) => a | b))));
        uint[] firstAllAlike = [.. _few.Select((number, i) => i < 32 ? 7 : number)];
        Assert.That(
            Lanes.Run<uint>("match.all.sync.b32 {d}|%p1, {s0}, 0xffffffff;", [firstAllAlike]),
            Is.EqualTo(Enumerable.Range(0, Count).Select(i => i < 32 ? uint.MaxValue : 0)));
    }

    [TestCase("add.s32")]
    [TestCase("min.s32")]
    [TestCase("max.s32")]
    [TestCase("xor.b32")]
    public void Reduces(string operation)
    {
        var actual = Lanes.Run<uint>($"redux.sync.{operation} {{d}}, {{s0}}, 0xffffffff;", [_numbers]);
        var expected = _numbers.Select(number => (int)number).Chunk(32).Select(warp => warp.Aggregate((a, b) => operation switch
        {
            "add.s32" => a + b,
            "min.s32" => Math.Min(a, b),
            "max.s32" => Math.Max(a, b),
            _ => a ^ b,
        })).ToArray();
        Assert.That(actual, Is.EqualTo(Enumerable.Range(0, Count).Select(i => (uint)expected[i / 32])));
    }

    /// <summary>Who takes part must be among those that take part.</summary>
    [Test]
    public void AMemberOutsideOfItsMaskIsAFault()
    {
        const string Body = """
            setp.gt.u32 %p1, %r0, 20;
            @%p1 bra OUT;
            shfl.sync.idx.b32 %r5, %r0, 0, 0x1f, 0xff;
            OUT: ret;
            """;
        using var card = new Card();
        Expect.Fault(FaultKind.Undefined, () => card.Launch(PtxProgram.Kernel("", PtxProgram.Thread + Body), 1, 32, []), "member mask");
    }

    /// <summary>A lane that nobody else's mask names is elected: the lowest.</summary>
    [Test]
    public void OneIsElected()
    {
        Assert.That(
            Lanes.Run<uint>("elect.sync %r9|%p4, 0xffffffff; selp.u32 %r10, 100, 0, %p4; add.u32 {d}, %r9, %r10;", [_numbers]),
            Is.EqualTo(Enumerable.Range(0, Count).Select(i => i % 32 == 0 ? 100u : 0)));
        const string Some = "mov.u32 {d}, 0; and.b32 %r4, %r0, 31; setp.lt.u32 %p1, %r4, 3; setp.gt.u32 %p2, %r4, 7; or.pred %p1, %p1, %p2; @%p1 bra S; elect.sync {d}|%p4, 0xf8; S:";
        Assert.That(Lanes.Run<uint>(Some, [_numbers]), Is.EqualTo(Enumerable.Range(0, Count).Select(i => i % 32 is >= 3 and <= 7 ? (uint)BitOperations.TrailingZeroCount(0xF8) : 0)));
    }
}
