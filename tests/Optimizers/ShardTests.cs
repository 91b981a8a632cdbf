using System.Text.Json;
using GpuOptim.Host;
using GpuOptim.Optimizers.Checkpoints;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Optimizers;

/// <summary>Models in several files.</summary>
public sealed class ShardTests : FolderTest
{
    private const string Count = "-of-00003.safetensors";

    private SimdDevice _device = null!;

    private string Index => Path.Combine(Folder, "model.safetensors.index.json");

    private IEnumerable<string> Files => Directory.GetFiles(Folder).Select(path => Path.GetFileName(path)!).Order();

    [SetUp]
    public void Open() => _device = new(threads: 1);

    [TearDown]
    public void Close() => _device.Dispose();

    /// <summary>Of two that save into an empty folder at once, both succeed, and the set that is left is one of theirs, whole.</summary>
    [Test]
    public void TwoWhoSaveAtOnceLeaveAWholeSet()
    {
        for (var round = 0; round < 30; round++)
        {
            foreach (var file in Directory.GetFiles(Folder))
                File.Delete(file);
            using var together = new Barrier(2);
            Parallel.For(1, 3, i => Checkpoint.SaveParameters(Index, Model(i), maxBytes: 1200, new AtTheEnd(together)));
            var left = Model(0);
            Checkpoint.LoadParameters(Index, left);
            Assert.That(left.SelectMany(parameter => parameter.Data.ToArray()).Distinct().ToArray(), Is.EqualTo(new[] { 1f }).Or.EqualTo(new[] { 2f }));
        }
    }

    /// <summary>An index that is a link: the shards go where it leads.</summary>
    [Test]
    public void ALinkedIndexIsFollowed()
    {
        if (OperatingSystem.IsWindows())
            Assert.Ignore("Links need rights on Windows.");
        var inner = Directory.CreateDirectory(Path.Combine(Folder, "inner")).FullName;
        Checkpoint.SaveParameters(Path.Combine(inner, "model.safetensors.index.json"), Model(1), maxBytes: 1200);
        File.CreateSymbolicLink(Index, Path.Combine("inner", "model.safetensors.index.json"));
        AssertLoads(1);
        Checkpoint.SaveParameters(Index, Model(2), maxBytes: 1200);
        Assert.That(Files, Is.EqualTo(["model.safetensors.index.json"]));
        AssertLoads(2);
        var read = Model(0);
        Checkpoint.LoadParameters(inner, read);
        Assert.That(read[0].Data.ToArray(), Is.All.EqualTo(2));
    }

    /// <summary>Each file is as short as it was asked to be, all names are Hugging Face's, and all comes back.</summary>
    [Test]
    public void ComesBackFromFilesOfLimitedLength()
    {
        var reports = new List<double>();
        Checkpoint.SaveParameters(Index, Model(1), maxBytes: 1200, new Reports(reports));
        Assert.That(Files, Is.EqualTo(["model-00001" + Count, "model-00002" + Count, "model-00003" + Count, "model.safetensors.index.json"]));
        Assert.That(Directory.GetFiles(Folder, "*.safetensors").Select(path => new FileInfo(path).Length), Is.All.LessThanOrEqualTo(1200));
        Assert.That(reports, Is.Ordered);
        Assert.That(reports[^1], Is.EqualTo(1));
        using var json = JsonDocument.Parse(File.ReadAllText(Index));
        Assert.That(json.RootElement.GetProperty("metadata").GetProperty("total_size").GetInt64(), Is.EqualTo(5 * 64 * sizeof(float)));
        Assert.That(json.RootElement.GetProperty("weight_map").EnumerateObject().Select(property => property.Name), Is.EqualTo(["p0", "p1", "p2", "p3", "p4"]));
        AssertLoads(1);
        Assert.That(() => Checkpoint.SaveParameters(Index, Model(1), maxBytes: 0), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => Checkpoint.SaveParameters(Path.Combine(Folder, "model.safetensors"), Model(1), maxBytes: 1200), Throws.ArgumentException.With.Message.Contains("path must be an index's: NAME.safetensors.index.json"));
    }

    /// <summary>A tensor that is longer than a file may be has one of its own; no tensors need none.</summary>
    [Test]
    public void TinyLimitsAndNoTensorsAreWritten()
    {
        Checkpoint.SaveParameters(Index, Model(1), maxBytes: 1);
        Assert.That(Files.Count(), Is.EqualTo(6));
        AssertLoads(1);
        Checkpoint.SaveParameters(Index, [], maxBytes: 1);
        Assert.That(Files, Is.EqualTo(["model.safetensors.index.json"]));
        Assert.That(Checkpoint.LoadParameters(Index, []).Loaded, Is.Empty);
    }

    /// <summary>Files of another save never go under the names of those that an index refers to; old ones go, and what others put beside stays.</summary>
    [Test]
    public void AnotherSaveReplacesTheFirst()
    {
        File.WriteAllText(Path.Combine(Folder, "model-notes.safetensors"), "not ours");
        Checkpoint.SaveParameters(Path.Combine(Folder, "model-other.safetensors.index.json"), Model(9), maxBytes: 1200);
        for (var save = 1; save <= 4; save++)
        {
            Checkpoint.SaveParameters(Index, Model(save), maxBytes: 1200);
            AssertLoads(save);
            Assert.That(Files.Count(), Is.EqualTo(1 + 4 + 4), $"save {save}");
        }
        Checkpoint.LoadParameters(Path.Combine(Folder, "model-other.safetensors.index.json"), Model(0));
    }

    /// <summary>Whatever the point at which a save dies, the old model is there; the next save tidies up.</summary>
    [Test]
    public void AKilledSaveLeavesTheOldModel()
    {
        Checkpoint.SaveParameters(Index, Model(1), maxBytes: 1200);
        var old = File.ReadAllBytes(Index);
        Checkpoint.SaveParameters(Index, Model(2), maxBytes: 1200);
        var names = Files.Where(name => name.EndsWith(Count, StringComparison.Ordinal)).ToArray();
        // Files that a save had named before its index was there: now they have none.
        foreach (var name in names)
            File.Copy(Path.Combine(Folder, name), Path.Combine(Folder, name.Replace("00003", "00004", StringComparison.Ordinal)));
        File.WriteAllText($"{Index}.{Guid.NewGuid():N}.tmp", "a shard, half written");
        AssertLoads(2);
        Checkpoint.SaveParameters(Index, Model(3), maxBytes: 1200);
        AssertLoads(3);
        Assert.That(Files.Count(), Is.EqualTo(4));
        File.WriteAllBytes(Index, old);
        Assert.That(() => Checkpoint.LoadParameters(Index, Model(0)), Throws.TypeOf<InvalidDataException>().With.Message.Contains("must be of the same save as the index").Or.Message.Contains("is missing"));
    }

    /// <summary>A save that cannot be completed changes nothing.</summary>
    [Test]
    public void AFailedSaveLeavesTheOldModel()
    {
        Checkpoint.SaveParameters(Index, Model(1), maxBytes: 1200);
        var before = Files.ToArray();
        var model = Model(2);
        model[4].Data.Dispose();
        Assert.That(() => Checkpoint.SaveParameters(Index, model, maxBytes: 1200), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(Files, Is.EqualTo(before));
        AssertLoads(1);
    }

    /// <summary>While one writes and others read, who reads has one save, whole.</summary>
    [Test]
    public void ReadersNeverSeeAMixture()
    {
        Checkpoint.SaveParameters(Index, Model(1), maxBytes: 1200);
        using var end = new CancellationTokenSource();
        using var begun = new CountdownEvent(2);
        var readers = Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
        {
            using var device = new SimdDevice(threads: 1);
            var loads = 0;
            for (; !end.IsCancellationRequested; loads++)
            {
                var model = Model(0, device);
                Checkpoint.LoadParameters(Index, model);
                Assert.That(model.SelectMany(parameter => parameter.Data.ToArray()).Distinct().Count(), Is.EqualTo(1));
                if (loads == 0)
                    begun.Signal();
            }
            return loads;
        })).ToArray();
        Assert.That(begun.Wait(TimeSpan.FromMinutes(1)), Is.True);
        for (var save = 2; save < 40; save++)
            Checkpoint.SaveParameters(Index, Model(save), maxBytes: 1200);
        end.Cancel();
        Task.WaitAll(readers);
        Assert.That(readers.Sum(reader => reader.Result), Is.GreaterThan(2));
        AssertLoads(39);
    }

    [TestCase("""{"weight_map":{"p":"../model.safetensors"}}""", "The file of tensor 'p' must be a name within the index's folder. Actual value was \"../model.safetensors\"")]
    [TestCase("""{"weight_map":{"p":"a/../../b.safetensors"}}""", "The file of tensor 'p' must be a name within the index's folder")]
    [TestCase("""{"weight_map":{"p":"..\\b.safetensors"}}""", "The file of tensor 'p' must be a name within the index's folder")]
    [TestCase("""{"weight_map":{"p":"/etc/passwd"}}""", "The file of tensor 'p' must be a name within the index's folder")]
    [TestCase("""{"weight_map":{"p":"C:\\b.safetensors"}}""", "The file of tensor 'p' must be a name within the index's folder")]
    [TestCase("""{"weight_map":{"p":""}}""", "The file of tensor 'p' must be a name within the index's folder")]
    [TestCase("""{"weight_map":{"p":7}}""", "The file of tensor 'p' must be a name within the index's folder. Actual value was 7")]
    [TestCase("""{"weight_map":{"p":"none.safetensors"}}""", "File 'none.safetensors' of tensor 'p' is missing")]
    [TestCase("""{"weight_map":{"p":"none/none.safetensors"}}""", "File 'none.safetensors' of tensor 'p' is missing")]
    [TestCase("""{"weight_map":{"q":"shard.safetensors"}}""", "Tensor 'q' must be in file 'shard.safetensors', as the index says. It is missing there")]
    [TestCase("""{"weight_map":{"p":"shard.safetensors","p":"shard.safetensors"}}""", "'p' of 'weight_map' must be there once")]
    [TestCase("""{"weight_map":{},"weight_map":{}}""", "'weight_map' must be there once")]
    [TestCase("""{"weight_map":[]}""", "An index must have 'weight_map', an object. It is missing")]
    [TestCase("""{"metadata":{"gpuoptim.save":"x"},"weight_map":{"p":"shard.safetensors"}}""", "File 'shard.safetensors' must be of the same save as the index. It is of another")]
    [TestCase("""[]""", "An index must have 'weight_map'")]
    [TestCase("""{"weight_map":{"p":[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]}}""", "An index must be JSON, at most 16 levels deep")]
    [TestCase("""{"weight_map":""", "An index must be JSON")]
    [TestCase("""{"weight_map":{"p":"\ud800.safetensors"}}""", "An index must be JSON")]
    public void HostileIndexesAreRefused(string json, string message)
    {
        Checkpoint.SaveParameters(Path.Combine(Folder, "shard.safetensors"), [_device.CreateParameter("p", [2])]);
        File.WriteAllText(Index, json);
        var parameter = _device.CreateParameter<float>("p", [2], [1f, 2f]);
        Assert.That(() => Checkpoint.LoadParameters(Index, [parameter]), Throws.TypeOf<InvalidDataException>().With.Message.Contains(message).And.Message.Contains(Index));
        Assert.That(parameter.Data.ToArray(), Is.EqualTo([1f, 2f]));
    }

    [Test]
    public void AFolderHasOneIndex()
    {
        Assert.That(() => Checkpoint.LoadParameters(Folder, Model(0)), Throws.TypeOf<InvalidDataException>().With.Message.Contains("A folder must have one file NAME.safetensors.index.json. Actual number was 0"));
        var own = Path.Combine(Folder, "own.safetensors.index.json");
        Checkpoint.SaveParameters(own, Model(1), maxBytes: 1200);
        var model = Model(0);
        Checkpoint.LoadParameters(Folder, model);
        Assert.That(model.SelectMany(parameter => parameter.Data.ToArray()), Is.All.EqualTo(1));
    }

    private void AssertLoads(float value)
    {
        var model = Model(0);
        var report = Checkpoint.LoadParameters(Index, model, new() { Strict = true });
        Assert.That(report.Loaded, Has.Count.EqualTo(5));
        Assert.That(model.SelectMany(parameter => parameter.Data.ToArray()), Is.All.EqualTo(value));
    }

    private Parameter<float>[] Model(float value, SimdDevice? device = null) =>
        [.. Enumerable.Range(0, 5).Select(i => (device ?? _device).CreateParameter<float>($"p{i}", [8, 8], [.. Enumerable.Repeat(value, 64)]))];

    /// <summary>Whoever has written all of its bytes waits for the other.</summary>
    private sealed class AtTheEnd(Barrier together) : IProgress<double>
    {
        public void Report(double value)
        {
            if (value == 1)
                together.SignalAndWait();
        }
    }
}
