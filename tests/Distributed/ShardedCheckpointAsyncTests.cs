using GpuOptim.Distributed;
using GpuOptim.Distributed.Saving;
using GpuOptim.Host;
using GpuOptim.Optimizers;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Distributed;

/// <summary>Sharded checkpoints that are written while training goes on.</summary>
public sealed class ShardedCheckpointAsyncTests : FolderTest
{
    private string Index => Path.Combine(Folder, "run.sharded.json");

    /// <summary>The run of the moment of the call, though steps were taken before it was written; the next save waits for it.</summary>
    [Test]
    public void HoldsTheRunOfTheMomentOfTheCall([Values("scaled", "cut")] string kind, [Values(1, 3)] int ranks)
    {
        string[] expected;
        using (var device = new SimdDevice(threads: 1))
        {
            using var run = new SavedRun(device, kind);
            run.Train(0, 3);
            expected = run.Snapshot();
        }
        ThreadCommunicator.Run(ranks, communicator =>
        {
            using var run = new SavedRun(communicator.Device, kind, communicator);
            var optimizer = (ShardedOptimizer)run.Optimizer;
            run.Train(0, 1);
            var first = ShardedCheckpoint.SaveAsync(Index, optimizer, [run.Schedule]);
            run.Train(1, 2);
            var second = ShardedCheckpoint.SaveAsync(Index, optimizer, [run.Schedule]);
            Assert.That(first.IsCompletedSuccessfully);
            run.Train(3, 2);
            second.Wait();
            ShardedCheckpoint.Load(Index, optimizer, run.Schedule);
            Assert.That(run.Snapshot(), Is.EqualTo(expected));
            return 0;
        });
        Assert.That(Directory.GetFiles(Folder), Has.Length.EqualTo(ranks + 1));
    }

    /// <summary>A rank whose file does not come: rank 0 says so, the old checkpoint stays, and nothing else.</summary>
    [Test]
    public void WhatOneRankCannotWriteNobodyHas()
    {
        Save(steps: 1);
        string[] before = [.. Directory.GetFiles(Folder).Order()];
        var failures = ThreadCommunicator.Run(3, communicator =>
        {
            using var run = new SavedRun(communicator.Device, "small", communicator);
            run.Train(0, 2);
            var path = communicator.Rank != 1 ? Index : Path.Combine(Folder, "none", "run.sharded.json");
            var task = ShardedCheckpoint.SaveAsync(path, (ShardedOptimizer)run.Optimizer, [run.Schedule], TimeSpan.FromSeconds(0.5));
            return Assert.CatchAsync(() => task)!;
        });
        Assert.That(failures[0], Is.InstanceOf<IOException>().With.Message.Contains("Rank 1 did not write its part of the checkpoint within 0.5 s"));
        Assert.That(failures[1], Is.InstanceOf<IOException>());
        Assert.That(failures[2], Is.InstanceOf<IOException>().With.Message.Contains("Rank 0"));
        Assert.That(Directory.GetFiles(Folder).Order().ToArray(), Is.EqualTo(before));
        Save(steps: 2);
        Assert.That(Directory.GetFiles(Folder), Has.Length.EqualTo(before.Length));
    }

    /// <summary>A rank that cannot write says why, and the others do not wait for long.</summary>
    [Test]
    public void RanksSayWhyTheyCannot()
    {
        var id = $"{Guid.NewGuid():N}";
        using ShardedSave first = new(Index, id, 0, 3), second = new(Index, id, 1, 3), third = new(Index, id, 2, 3);
        first.Write(new Dictionary<string, StateTensor>());
        third.Write(new Dictionary<string, StateTensor>());
        second.GiveUp(new IOException("The disk is full."));
        var failure = Assert.Throws<IOException>(() => first.AwaitFiles(TimeSpan.FromMinutes(1)))!;
        Assert.That(failure.Message, Does.Contain("Rank 1 could not write its part of the checkpoint. An old checkpoint is as it was. IOException: The disk is full."));
        first.GiveUp(failure);
        Assert.That(() => third.AwaitIndex(TimeSpan.FromMinutes(1)), Throws.TypeOf<IOException>().With.Message.Contains("Rank 0 has given up the checkpoint"));
        third.GiveUp(failure);
        Assert.That(Directory.GetFiles(Folder), Is.Empty);
    }

    private void Save(int steps) => ThreadCommunicator.Run(3, communicator =>
    {
        using var run = new SavedRun(communicator.Device, "small", communicator);
        run.Train(0, steps);
        ShardedCheckpoint.SaveAsync(Index, (ShardedOptimizer)run.Optimizer, [run.Schedule]).Wait();
        return 0;
    });
}
