using FsCheck.Fluent;
using VirtualCard.Execution;
using static GpuOptim.Tests.Optimizers.PropertyTests;

namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>Threads that exchange numbers through shared memory in random rounds.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class ExchangePropertyTests
{
    /// <summary>However warps take turns and blocks follow each other.</summary>
    [Test]
    public void ATurnChangesNothing() => Check(
        from rounds in ExchangeRound.Programs from seed in Seeds select (rounds, seed),
        sample =>
        {
            foreach (var seed in (int?[])[null, sample.seed, sample.seed / 2])
            {
                var (actual, expected, statistics) = Run(sample.rounds, sample.seed, seed);
                Assert.That(actual, Is.EqualTo(expected));
                Expect.Clean(statistics);
            }
        });

    /// <summary>A barrier that is missing is found if a warp reads what another wrote, and only then.</summary>
    [Test]
    public void AMissingBarrierIsFoundWhereWarpsMeet() => Check(
        from rounds in ExchangeRound.Programs from missing in Gen.Choose(0, 100) from seed in Seeds select (rounds, missing, seed),
        sample =>
        {
            var missing = sample.missing % sample.rounds.Length;
            var (_, _, statistics) = Run(sample.rounds, sample.seed, sample.seed, missing);
            Assert.That(statistics.RaceCount > 0, Is.EqualTo(sample.rounds[missing].CrossesWarps));
        });

    private static (uint[] Actual, uint[] Expected, Statistics Statistics) Run(ExchangeRound[] rounds, int numbers, int? seed, int missing = -1)
    {
        const int Blocks = 3;
        var input = new RandomNumbers(numbers).Integers<uint>(Blocks * ExchangeRound.Threads);
        var body = PtxProgram.Thread + $".shared .align 4 .b8 s[{4 * ExchangeRound.Threads}];\nmov.u32 %r4, s;\n" + PtxProgram.Address("%d1", "%a", "%r3", 4) + "ld.global.u32 %r10, [%d1];\n"
            + string.Concat(rounds.Select((round, i) => round.Write(hasBarrier: i != missing))) + "st.global.u32 [%d1], %r10;\nret;";
        using var card = new Card();
        var result = card.Allocate(input);
        var statistics = card.Launch(PtxProgram.Kernel("u64 a", body), Blocks, ExchangeRound.Threads, [result], request => request with { ChecksRaces = true, Seed = seed });
        return (result.Read(), [.. input.Chunk(ExchangeRound.Threads).SelectMany(block => rounds.Aggregate(block, (state, round) => round.Apply(state)))], statistics);
    }
}
