using GpuOptim.Distributed;
using GpuOptim.Tests.Optimizers;

namespace GpuOptim.Tests.Distributed;

/// <summary>Every recorded PyTorch run on several ranks: on each, equal to the last bit after each step, state included.</summary>
public sealed class ShardedGoldenTests
{
    [Test]
    public void EqualsPyTorchBitForBit([ValueSource(typeof(GoldenTrajectory), nameof(GoldenTrajectory.Names))] string trajectory, [Values(1, 2, 3, 4, 7)] int ranks)
    {
        // Buckets of one piece, of some, and of all there is; all at once, and in turns.
        ShardedOptions[] options = [new() { BucketBytes = 1, UpdatesAtomically = false }, new() { BucketBytes = 60_000 }, new()];
        ThreadCommunicator.Run(ranks, communicator =>
        {
            using var repetition = new ShardedRepetition(communicator, options[ranks % options.Length]);
            new GoldenTrajectory(trajectory).Verify(repetition);
            return 0;
        });
    }
}
