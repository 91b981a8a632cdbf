using GpuOptim.Host;
using GpuOptim.Optimizers.Checkpoints;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Optimizers;

[Parallelizable(ParallelScope.Self)]
public sealed class CheckpointAsyncTests : FolderTest
{
    private string Path => System.IO.Path.Combine(Folder, "run.safetensors");

    /// <summary>The file is that of the moment of the call, while training goes on as if nothing were written.</summary>
    [Test]
    public async Task WritesTheMomentOfTheCall([ValueSource(typeof(TestDevice), nameof(TestDevice.All))] TestDevice device, [Values("scaled", "model")] string kind)
    {
        using TrainingRun run = new(device.Open(), kind), whole = new(device.Open(), kind);
        run.Train(0, 3);
        var expected = System.IO.Path.Combine(Folder, "expected.safetensors");
        Checkpoint.Save(expected, run.Optimizer, run.Schedule);
        using var gate = new Gate();
        var saving = Checkpoint.SaveAsync(Path, run.Optimizer, [run.Schedule], gate);
        run.Train(3, 3);
        Assert.That(saving.IsCompleted, Is.False);
        gate.Open();
        await saving;
        Assert.That(File.ReadAllBytes(Path), Is.EqualTo(File.ReadAllBytes(expected)));
        Assert.That(gate.Last, Is.EqualTo(1));
        whole.Train(0, 6);
        run.AssertEqual(whole);

        await Checkpoint.LoadAsync(Path, run.Optimizer, [run.Schedule]);
        run.Train(3, 3);
        run.AssertEqual(whole);
    }

    /// <summary>Two that are written at once do not get into each other's way, and the device waits for both.</summary>
    [Test]
    public async Task SeveralAreWrittenAtOnce()
    {
        var (first, second) = (System.IO.Path.Combine(Folder, "first"), System.IO.Path.Combine(Folder, "second"));
        using Gate gate = new();
        Task[] saving;
        using (var run = new TrainingRun(new SimdDevice(threads: 1), "small"))
        {
            run.Train(0, 1);
            Checkpoint.Save(first + ".expected", run.Optimizer, run.Schedule);
            var one = Checkpoint.SaveAsync(first, run.Optimizer, [run.Schedule], gate);
            run.Train(1, 1);
            Checkpoint.Save(second + ".expected", run.Optimizer, run.Schedule);
            saving = [one, Checkpoint.SaveAsync(second, run.Optimizer, [run.Schedule], gate)];
            run.Train(2, 1);
            _ = Task.Delay(50).ContinueWith(_ => gate.Open(), TaskScheduler.Default);
        }
        Assert.That(saving.All(task => task.IsCompleted || task.Wait(1000)));
        await Task.WhenAll(saving);
        Assert.That(File.ReadAllBytes(first), Is.EqualTo(File.ReadAllBytes(first + ".expected")));
        Assert.That(File.ReadAllBytes(second), Is.EqualTo(File.ReadAllBytes(second + ".expected")));
    }

    /// <summary>Given up halfway, the old file is there and nothing is left aside; given up before, nothing happens at all.</summary>
    [Test]
    public void CancelledSavesLeaveTheOldFile()
    {
        using var run = new TrainingRun(new SimdDevice(threads: 1), "model");
        Checkpoint.Save(Path, run.Optimizer, run.Schedule);
        var before = File.ReadAllBytes(Path);
        run.Train(0, 1);
        using var source = new CancellationTokenSource();
        var saving = Checkpoint.SaveAsync(Path, run.Optimizer, [run.Schedule], new Canceller(source, after: 2), source.Token);
        Assert.That(async () => await saving, Throws.InstanceOf<OperationCanceledException>());
        Assert.That(saving.IsCanceled);
        Assert.That(async () => await Checkpoint.SaveAsync(Path, run.Optimizer, cancellationToken: source.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(File.ReadAllBytes(Path), Is.EqualTo(before));
        Assert.That(Directory.GetFiles(Folder), Has.Length.EqualTo(1));
    }

    /// <summary>Given up while the file is checked, nothing was changed; later, it is taken over whole.</summary>
    [TestCase(2, false)]
    [TestCase(15, true)]
    public void CancelledLoadsChangeNothingOrAll(int after, bool isTaken)
    {
        using TrainingRun run = new(new SimdDevice(threads: 1), "model"), saved = new(new SimdDevice(threads: 1), "model");
        saved.Train(0, 2);
        Checkpoint.Save(Path, saved.Optimizer, saved.Schedule);
        run.Train(3, 1);
        var before = run.Snapshot();
        using var source = new CancellationTokenSource();
        var loading = Checkpoint.LoadAsync(Path, run.Optimizer, [run.Schedule], new() { Progress = new Canceller(source, after) }, source.Token);
        if (isTaken)
        {
            loading.Wait();
            run.AssertEqual(saved);
        }
        else
        {
            Assert.That(async () => await loading, Throws.InstanceOf<OperationCanceledException>());
            Assert.That(run.Snapshot(), Is.EqualTo(before));
        }
    }

    [Test]
    public async Task ParametersGoThereAndBack([Values(null, 300L)] long? maxBytes)
    {
        using TrainingRun run = new(new SimdDevice(threads: 1), "model"), other = new(new SimdDevice(threads: 1), "model"), at = new(new SimdDevice(threads: 1), "model");
        run.Train(0, 1);
        at.Train(0, 1);
        var path = maxBytes is null ? Path : System.IO.Path.Combine(Folder, "run.safetensors.index.json");
        using var gate = new Gate();
        var saving = Checkpoint.SaveParametersAsync(path, run.Parameters, maxBytes, gate);
        run.Train(1, 1);
        gate.Open();
        await saving;
        var report = await Checkpoint.LoadParametersAsync(path, other.Parameters);
        Assert.That(report.Loaded, Has.Count.EqualTo(4));
        other.AssertParametersEqual(at);
        await Checkpoint.SaveParametersAsync(path, [], maxBytes);
        Assert.That((await Checkpoint.LoadParametersAsync(path, [])).Loaded, Is.Empty);
        using var source = new CancellationTokenSource();
        await source.CancelAsync();
        Assert.That(async () => await Checkpoint.LoadParametersAsync(path, other.Parameters, cancellationToken: source.Token), Throws.InstanceOf<OperationCanceledException>());
    }

    /// <summary>Holds a save up once it has begun.</summary>
    private sealed class Gate : IProgress<double>, IDisposable
    {
        private readonly ManualResetEventSlim _isOpen = new();

        public double Last { get; private set; }

        public void Open() => _isOpen.Set();

        public void Report(double value)
        {
            Last = value;
            _isOpen.Wait();
        }

        public void Dispose() => _isOpen.Dispose();
    }

    private sealed class Canceller(CancellationTokenSource source, int after) : IProgress<double>
    {
        private int _reports;

        public void Report(double value)
        {
            if (++_reports == after)
                source.Cancel();
        }
    }
}
