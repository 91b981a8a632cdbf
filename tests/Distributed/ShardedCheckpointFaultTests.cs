using GpuOptim.Distributed;
using GpuOptim.Host;
using GpuOptim.Optimizers;
using GpuOptim.Optimizers.Checkpoints;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Distributed;

/// <summary>Whatever fails while ranks save, the old checkpoint is whole, or the new one is; what one rank cannot load, none does.</summary>
[Parallelizable(ParallelScope.Self)]
public sealed class ShardedCheckpointFaultTests : FolderTest
{
    private string Index => Path.Combine(Folder, "run.sharded.json");

    private string[] Files => [.. Directory.GetFiles(Folder).Order()];

    /// <summary>A rank that is gone at any point: there is the old run, or the new one, and the next save leaves only its own files.</summary>
    [Test]
    public void WhoeverDiesWhenLeavesACheckpoint([Values(0, 2)] int dying)
    {
        Save(3, steps: 1);
        string[] old = Load(), now = Trained(3);
        for (var operation = 0; ; operation++)
        {
            var isSaved = false;
            try
            {
                ThreadCommunicator.Run(3, communicator =>
                {
                    using var run = new SavedRun(communicator.Device, "small", communicator);
                    run.Train(0, 3);
                    if (communicator.Rank == dying)
                    {
                        var number = 0;
                        communicator.Fails = _ => number++ == operation;
                    }
                    ShardedCheckpoint.Save(Index, (ShardedOptimizer)run.Optimizer, run.Schedule);
                    return 0;
                });
                isSaved = true;
            }
            catch (AggregateException failure)
            {
                Assert.That(failure.InnerExceptions, Is.All.TypeOf<CommunicationException>());
            }
            Assert.That(Load(), isSaved ? Is.EqualTo(now) : Is.EqualTo(old).Or.EqualTo(now), $"operation {operation}");
            Save(2, steps: 1);
            Assert.That(Files, Has.Length.EqualTo(3), $"operation {operation}");
            if (isSaved)
            {
                Assert.That(operation, Is.GreaterThan(6));
                return;
            }
        }
    }

    /// <summary>A rank that cannot: all say so, nothing is left, and the next save succeeds.</summary>
    [TestCase("no folder", 1, "DirectoryNotFoundException")]
    [TestCase("no memory", 1, "ObjectDisposedException")]
    [TestCase("no name", 1, "path must be an index's: NAME.sharded.json")]
    [TestCase("other name", 1, "All ranks must save under the same name. Rank 1 has 'other.sharded.json' where rank 0 has 'run.sharded.json'")]
    [TestCase("half a step", 1, "1 of 2 batches of the next are accumulated")]
    [TestCase("no average", 1, "All ranks must have a WeightAverage, or none. Rank 0 has one, rank 1 has none")]
    public void WhenARankCannotNobodySaves(string what, int rank, string message)
    {
        Save(3, steps: 1);
        var (before, old) = (Files, Load());
        var messages = ThreadCommunicator.Run(3, communicator =>
        {
            using var run = new SavedRun(communicator.Device, "small", communicator);
            var (optimizer, path, isOther) = ((ShardedOptimizer)run.Optimizer, Index, communicator.Rank == rank);
            run.Train(0, 2);
            if (what == "no average" && !isOther)
                optimizer.WeightAverage = WeightAverage.Equal(optimizer.Shards);
            switch (what)
            {
                case "no folder" when isOther: path = Path.Combine(Folder, "none", "run.sharded.json"); break;
                case "no memory" when isOther: run.Parameters[1].Data.Dispose(); break;
                case "no name" when isOther: path = Path.Combine(Folder, "run.safetensors"); break;
                case "other name" when isOther: path = Path.Combine(Folder, "other.sharded.json"); break;
                case "half a step": new GradientAccumulation(optimizer, 2).Step(); break;
            }
            var failure = Assert.Catch(() => ShardedCheckpoint.Save(path, optimizer, run.Schedule));
            return $"{failure!.GetType().Name}: {failure.Message}";
        });
        Assert.That(messages.Any(each => each.Contains(message, StringComparison.Ordinal)), string.Join('\n', messages));
        Assert.That(Files, Is.EqualTo(before));
        Assert.That(Load(), Is.EqualTo(old));
    }

    /// <summary>Averages of a part of a tensor are no checkpoint's.</summary>
    [Test]
    public void AveragesMustBeOfWholeTensors() => ThreadCommunicator.Run(3, communicator =>
    {
        using var optimizer = new ShardedOptimizer(communicator, new AdamWOptions(), [communicator.Device.CreateParameter("w", [3 * 4096]), communicator.Device.CreateParameter("v", [5])]);
        optimizer.WeightAverage = WeightAverage.Equal(optimizer.Shards.Any(shard => shard.Name == "v") ? optimizer.Shards.Where(shard => shard.Name == "v") : optimizer.Shards);
        Assert.That(() => ShardedCheckpoint.Save(Index, optimizer), Throws.TypeOf<CommunicationException>().With.Message.Contains("WeightAverage must be of whole tensors: of all Shards, on all ranks. Of the 12288 elements of parameter 'w' there are averages of 8192"));
        Assert.That(() => Checkpoint.Save(Path.Combine(Folder, "run.safetensors"), optimizer), Throws.TypeOf<CommunicationException>());
        Assert.That(Files, Is.Empty);
        return 0;
    });

    /// <summary>The index cannot be put in place.</summary>
    [Test]
    public void WithoutAnIndexNothingIsLeft()
    {
        Directory.CreateDirectory(Index);
        var failures = ThreadCommunicator.Run(3, communicator =>
        {
            using var run = new SavedRun(communicator.Device, "small", communicator);
            return Assert.Catch(() => ShardedCheckpoint.Save(Index, (ShardedOptimizer)run.Optimizer, run.Schedule));
        });
        Assert.That(failures[1], Is.TypeOf<CommunicationException>().With.Message.Contains("Rank 0 could not put the checkpoint's index in place"));
        Assert.That(failures[0], Is.Not.TypeOf<CommunicationException>());
        Assert.That(Files, Is.Empty);
    }

    /// <summary>What killed saves left goes with the next save; what belongs to others stays.</summary>
    [Test]
    public void LeftoversGoAndOthersStay()
    {
        Save(2, steps: 1);
        var other = Path.Combine(Folder, "run-other.sharded.json");
        Save(2, steps: 1, other);
        string[] others = [.. Files.Where(path => Path.GetFileName(path).StartsWith("run-other", StringComparison.Ordinal))];
        var notes = Path.Combine(Folder, "run-notes.safetensors");
        File.WriteAllText(notes, "not ours");
        File.WriteAllText(Path.Combine(Folder, $"run-{Guid.NewGuid():N}-00002-of-00009.safetensors"), "of a save that was killed");
        File.WriteAllText($"{Index}.{Guid.NewGuid():N}.tmp", "half written");
        Save(3, steps: 2);
        Assert.That(others, Has.Length.EqualTo(3));
        Assert.That(Files, Has.Length.EqualTo(4 + 3 + 1).And.SupersetOf(others).And.Contains(notes));
    }

    /// <summary>Ranks that see different files do not load a mixture.</summary>
    [Test]
    public void AllRanksLoadTheSameRun()
    {
        string Path(int rank) => System.IO.Path.Combine(Folder, $"{rank}.safetensors");
        using (var device = new SimdDevice(threads: 1))
        {
            using var run = new SavedRun(device, "small");
            for (var rank = 0; rank < 2; rank++)
            {
                run.Train(rank, 1);
                Checkpoint.Save(Path(rank), run.Optimizer, run.Schedule);
            }
        }
        ThreadCommunicator.Run(2, communicator =>
        {
            using var run = new SavedRun(communicator.Device, "small", communicator);
            var before = run.Snapshot();
            Assert.That(() => Checkpoint.Load(Path(communicator.Rank), run.Optimizer, run.Schedule), Throws.TypeOf<CommunicationException>().With.Message.Contains("All ranks must load the same run. Rank 1 has another than rank 0"));
            Assert.That(() => Checkpoint.Load(Path(5 * communicator.Rank), run.Optimizer, run.Schedule), communicator.Rank == 1 ? Throws.InstanceOf<IOException>() : Throws.TypeOf<CommunicationException>().With.Message.Contains("Rank 1 could not load the run"));
            Assert.That(run.Snapshot(), Is.EqualTo(before));
            return 0;
        });
    }

    /// <summary>Sums of half a step are of one process.</summary>
    [Test]
    public void HalfAStepIsRefused()
    {
        var path = Path.Combine(Folder, "run.safetensors");
        using var device = new SimdDevice(threads: 1);
        using (var run = new SavedRun(device, "small"))
        {
            using var accumulation = new GradientAccumulation(run.Optimizer, 2);
            run.FillGradients(1);
            accumulation.Step();
            Checkpoint.Save(path, run.Optimizer, run.Schedule);
        }
        using var communicator = new SelfCommunicator(device);
        using var sharded = new SavedRun(device, "small", communicator);
        using var sums = new GradientAccumulation(sharded.Optimizer, 2);
        Assert.That(() => Checkpoint.Load(path, sharded.Optimizer, sharded.Schedule), Throws.TypeOf<InvalidDataException>().With.Message.Contains("The file must be of whole steps, for each process has sums of its own"));
        sharded.FillGradients(1);
        sums.Step();
        Assert.That(() => Checkpoint.Save(path, sharded.Optimizer, sharded.Schedule), Throws.ArgumentException.With.Message.Contains("1 of 2 batches of the next are accumulated"));
        sums.Step();
        Checkpoint.Save(path, sharded.Optimizer, sharded.Schedule);
    }

    /// <summary>After a step that failed in its middle, a checkpoint makes the optimizer whole again.</summary>
    [Test]
    public void AFailedStepIsUndoneByLoading([Values] bool isSharded, [Values] bool isAtomic) => ThreadCommunicator.Run(2, inner =>
    {
        var communicator = new FlakyCommunicator(inner);
        Parameter<float>[] parameters = [.. Enumerable.Range(0, 4).Select(i => inner.Device.CreateParameter<float>($"p{i}", [8], [1, 2, 3, 4, 5, 6, 7, 8]))];
        using var optimizer = new ShardedOptimizer(communicator, new AdamWOptions(), parameters, new ShardedOptions { BucketBytes = 1, UpdatesAtomically = isAtomic });
        Array.ForEach(parameters, parameter => parameter.Gradient.CopyFrom([1f, -2f, 3f, -4f, 5f, -6f, 7f, -8f]));
        optimizer.Step();
        var path = isSharded ? Index : Path.Combine(Folder, "run.safetensors");
        if (isSharded)
            ShardedCheckpoint.Save(path, optimizer);
        else
            Checkpoint.Save(path, optimizer);
        optimizer.Step();
        var expected = parameters.Select(Bits.Hexadecimal).ToArray();
        communicator.FailsToGatherNumbers = true;
        Assert.That(optimizer.Step, Throws.TypeOf<CommunicationException>());
        communicator.FailsToGatherNumbers = false;
        Assert.That(optimizer.Step, Throws.TypeOf<CommunicationException>().With.Message.Contains("load a checkpoint"));
        Assert.That(() => ShardedCheckpoint.Save(Index, optimizer), Throws.TypeOf<CommunicationException>().With.Message.Contains("load a checkpoint"));
        if (isSharded)
            ShardedCheckpoint.Load(path, optimizer);
        else
            Checkpoint.Load(path, optimizer);
        optimizer.Step();
        Assert.That(parameters.Select(Bits.Hexadecimal), Is.EqualTo(expected));
        return 0;
    });

    private void Save(int ranks, int steps, string? path = null) => SavedRun.Save(path ?? Index, ranks, steps);

    private string[] Load() => SavedRun.Load(Index);

    private static string[] Trained(int steps)
    {
        using var device = new SimdDevice(threads: 1);
        using var run = new SavedRun(device, "small");
        run.Train(0, steps);
        return run.Snapshot();
    }
}
