using System.Collections.Concurrent;
using GpuOptim.Distributed;
using GpuOptim.Host;
using GpuOptim.Optimizers;
using GpuOptim.Optimizers.Checkpoints;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Distributed;

/// <summary>Runs that several ranks save go on with others, to the same bits.</summary>
[Parallelizable(ParallelScope.Self)]
public sealed class ShardedCheckpointTests : FolderTest
{
    private static readonly ConcurrentDictionary<string, (string[] Half, string[] End)> _expected = [];

    private string Index => Path.Combine(Folder, "run.sharded.json");

    private string Single => Path.Combine(Folder, "run.safetensors");

    private static string[] Kinds => ["adamw", "model", "scaled", "cut"];

    /// <summary>Some save, others go on; these save, and one process goes on.</summary>
    [Test]
    public void GoesOnWithAnotherNumberOfRanks([ValueSource(nameof(Kinds))] string kind, [Values("1 3", "3 2", "4 7", "7 1", "5 6")] string ranks)
    {
        int[] sizes = [.. ranks.Split(' ').Select(int.Parse)];
        ThreadCommunicator.Run(sizes[0], communicator =>
        {
            using var run = new SavedRun(communicator.Device, kind, communicator);
            run.Train(0, 4);
            ShardedCheckpoint.Save(Index, (ShardedOptimizer)run.Optimizer, run.Schedule);
            return 0;
        });
        Assert.That(Directory.GetFiles(Folder), Has.Length.EqualTo(sizes[0] + 1), "nothing is left aside");
        var ends = ThreadCommunicator.Run(sizes[1], communicator =>
        {
            using var run = new SavedRun(communicator.Device, kind, communicator);
            run.Train(5, 2);
            ShardedCheckpoint.Load(Index, run.Optimizer, run.Schedule);
            var half = run.Snapshot();
            ShardedCheckpoint.Save(Index, (ShardedOptimizer)run.Optimizer, run.Schedule);
            run.Train(4, 4);
            return (half, run.Snapshot());
        });
        Assert.That(Directory.GetFiles(Folder), Has.Length.EqualTo(sizes[1] + 1), "only the new files are left");
        foreach (var (half, end) in ends)
        {
            Assert.That(half, Is.EqualTo(Expected(kind).Half));
            Assert.That(end, Is.EqualTo(Expected(kind).End));
        }
        Assert.That(GoOn(kind, run => ShardedCheckpoint.Load(Index, run.Optimizer, run.Schedule)), Is.EqualTo(Expected(kind).End), "in one process");
    }

    /// <summary>One process's file goes into sharded runs, and what these save as one is the same file.</summary>
    [Test]
    public void OneProcessesFileGoesInAndOut([ValueSource(nameof(Kinds))] string kind, [Values(1, 2, 3, 7)] int ranks)
    {
        using (var device = new SimdDevice(threads: 1))
        {
            using var run = new SavedRun(device, kind);
            run.Train(0, 4);
            Checkpoint.Save(Single, run.Optimizer, run.Schedule);
        }
        var before = File.ReadAllBytes(Single);
        var ends = ThreadCommunicator.Run(ranks, communicator =>
        {
            using var run = new SavedRun(communicator.Device, kind, communicator);
            run.Train(5, 2);
            Checkpoint.Load(Single, run.Optimizer, run.Schedule);
            Checkpoint.Save(Single + communicator.Rank, run.Optimizer, run.Schedule);
            // All to one name at once.
            Checkpoint.Save(Single, run.Optimizer, run.Schedule);
            run.Train(4, 4);
            return run.Snapshot();
        });
        foreach (var end in ends)
            Assert.That(end, Is.EqualTo(Expected(kind).End));
        for (var rank = 0; rank < ranks; rank++)
            Assert.That(File.ReadAllBytes(Single + rank), Is.EqualTo(before));
        Assert.That(File.ReadAllBytes(Single), Is.EqualTo(before));
    }

    /// <summary>PyTorch's files, too: state goes into sharded runs, and comes out as one process would write it.</summary>
    [Test]
    public void TorchFilesGoInAndOut([Values("scaled", "cut")] string kind, [Values(1, 2, 5)] int ranks)
    {
        var path = Path.Combine(Folder, "run.pt");
        string[] half;
        using (var device = new SimdDevice(threads: 1))
        {
            using var run = new SavedRun(device, kind);
            run.Train(0, 4);
            TorchCheckpoint.Save(path, run.Optimizer, run.Schedule);
            using var loaded = new SavedRun(device, kind);
            TorchCheckpoint.Load(path, loaded.Optimizer, loaded.Schedule);
            loaded.Train(4, 2);
            half = WithoutAverages(loaded.Snapshot());
        }
        var before = File.ReadAllBytes(path);
        var ends = ThreadCommunicator.Run(ranks, communicator =>
        {
            using var run = new SavedRun(communicator.Device, kind, communicator);
            run.Train(5, 2);
            TorchCheckpoint.Load(path, run.Optimizer, run.Schedule);
            TorchCheckpoint.Save(path + communicator.Rank, run.Optimizer, run.Schedule);
            run.Train(4, 2);
            return WithoutAverages(run.Snapshot());
        });
        foreach (var end in ends)
            Assert.That(end, Is.EqualTo(half));
        for (var rank = 0; rank < ranks; rank++)
            Assert.That(File.ReadAllBytes(path + rank), Is.EqualTo(before));
    }

    /// <summary>Each element is in one file, once, and ranks write about as much.</summary>
    [Test]
    public void EveryRankWritesItsPart()
    {
        ThreadCommunicator.Run(4, communicator =>
        {
            var parameter = communicator.Device.CreateParameter("w", [16, 4096]);
            using var optimizer = new ShardedOptimizer(communicator, new AdamWOptions(), [parameter]);
            optimizer.WeightAverage = WeightAverage.Equal(optimizer.Shards);
            optimizer.Step();
            ShardedCheckpoint.Save(Index, optimizer);
            return 0;
        });
        var lengths = Directory.GetFiles(Folder, "*.safetensors").Select(path => new FileInfo(path).Length).ToArray();
        Assert.That(lengths, Has.Length.EqualTo(4));
        // Parameter, two moments, average.
        Assert.That(lengths, Is.All.InRange(4 * 4 * 16384, 4 * 4 * 16384 + 1500));
    }

    /// <summary>What no rank owns is there on rank 0 alone; a model smaller than the number of ranks is saved and averaged all the same.</summary>
    [Test]
    public void RanksMayOwnNothing()
    {
        ThreadCommunicator.Run(5, communicator =>
        {
            var parameter = communicator.Device.CreateParameter<float>("w", [3], [1f, 2f, 3f]);
            using var optimizer = new ShardedOptimizer(communicator, new AdamWOptions(), [parameter]);
            optimizer.WeightAverage = WeightAverage.Equal(optimizer.Shards);
            optimizer.Step();
            var before = parameter.Data.ToArray();
            ShardedCheckpoint.Save(Index, optimizer);
            optimizer.Step();
            ShardedCheckpoint.Load(Index, optimizer);
            Assert.That(parameter.Data.ToArray(), Is.EqualTo(before));
            Assert.That(optimizer.StateDictionary()["w"].Step, Is.EqualTo(1));
            Assert.That(optimizer.WeightAverage.UpdateCount, Is.EqualTo(1));
            return 0;
        });
    }

    /// <summary>Names and types as the caller says, from a sharded checkpoint as from one file.</summary>
    [Test]
    public void NamesAndTypesAreTakenAsTheCallerSays()
    {
        var saved = ThreadCommunicator.Run(3, communicator =>
        {
            var brain = communicator.Device.CreateParameter<BFloat16>("module.w", [5000], [.. Enumerable.Range(0, 5000).Select(i => (BFloat16)MathF.Sin(i))]);
            using var optimizer = new ShardedOptimizer(communicator, new AdamWOptions(), [brain]);
            optimizer.Step();
            ShardedCheckpoint.Save(Index, optimizer);
            return brain.Data.ToArray();
        })[0];
        var loaded = ThreadCommunicator.Run(2, communicator =>
        {
            var single = communicator.Device.CreateParameter<float>("w", [5000]);
            using var optimizer = new ShardedOptimizer(communicator, new AdamWOptions(), [single]);
            ShardedCheckpoint.Load(Index, optimizer, new LoadOptions { Rename = Rename.DataParallel, Convert = true });
            return single.Data.ToArray();
        });
        Assert.That(loaded, Is.All.EqualTo(saved.Select(value => (float)value)));
    }

    private static string[] WithoutAverages(string[] snapshot) => [.. snapshot.Where(line => !line.StartsWith("average", StringComparison.Ordinal))];

    private static (string[] Half, string[] End) Expected(string kind) => _expected.GetOrAdd(kind, _ =>
    {
        using var device = new SimdDevice(threads: 1);
        using var run = new SavedRun(device, kind);
        run.Train(0, 4);
        var half = run.Snapshot();
        run.Train(4, 4);
        return (half, run.Snapshot());
    });

    private static string[] GoOn(string kind, Action<SavedRun> load)
    {
        using var device = new SimdDevice(threads: 1);
        using var run = new SavedRun(device, kind);
        run.Train(6, 1);
        load(run);
        run.Train(4, 4);
        return run.Snapshot();
    }
}
