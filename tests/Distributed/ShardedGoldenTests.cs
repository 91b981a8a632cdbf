using GpuOptim.Distributed;
using GpuOptim.Tests.Optimizers;

namespace GpuOptim.Tests.Distributed;

/// <summary>Recorded PyTorch runs on several ranks: on each, equal to the last bit after each step, state included.</summary>
[Parallelizable(ParallelScope.Self)]
public sealed class ShardedGoldenTests
{
    // Buckets of one piece, of some, and of all there is; all at once, and in turns.
    private static readonly ShardedOptions[] _options = [new() { BucketBytes = 60_000 }, new() { BucketBytes = 1, UpdatesAtomically = false }, new()];

    [Test]
    public void EqualsPyTorchBitForBit([ValueSource(typeof(GoldenTrajectory), nameof(GoldenTrajectory.OfMoreThanARule))] string trajectory)
    {
        // Ranks mostly wait for each other: numbers of ranks go side by side.
        Parallel.ForEach((int[])[1, 2, 3, 4, 7], ranks => ThreadCommunicator.Run(ranks, communicator =>
        {
            using var repetition = new ShardedRepetition(communicator, _options[ranks % _options.Length]);
            new GoldenTrajectory(trajectory).Verify(repetition);
            return 0;
        }));
    }
}
