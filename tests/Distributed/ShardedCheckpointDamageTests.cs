using System.Text;
using GpuOptim.Distributed;
using GpuOptim.Host;
using GpuOptim.Tests.Support;
using RunFile = GpuOptim.Optimizers.Checkpoints.SafetensorsFile;

namespace GpuOptim.Tests.Distributed;

/// <summary>Sharded checkpoints that are damaged, mixed or hostile are refused with a clear error, and nothing has changed.</summary>
[Parallelizable(ParallelScope.Self)]
public sealed class ShardedCheckpointDamageTests : FolderTest
{
    private string Index => Path.Combine(Folder, "run.sharded.json");

    /// <summary>Every byte of every file, changed; and every file at any length but its own.</summary>
    [Test]
    public void EveryDamageIsRefused()
    {
        SavedRun.Save(Index, 2, steps: 2);
        using var device = new SimdDevice(threads: 1);
        using var run = new SavedRun(device, "small");
        run.Train(0, 1);
        var before = run.Snapshot();
        var random = new Random(1);
        foreach (var path in Directory.GetFiles(Folder).Order().ToArray())
        {
            var bytes = File.ReadAllBytes(path);
            for (var place = 0; place < bytes.Length; place++)
            {
                AssertRefused(path, bytes[..place], $"{Path.GetFileName(path)} of length {place}");
                var damaged = bytes.AsSpan().ToArray();
                damaged[place] ^= (byte)random.Next(1, 256);
                AssertRefused(path, damaged, $"{Path.GetFileName(path)}, byte {place}");
            }
            AssertRefused(path, [.. bytes, (byte)' '], "a byte too much");
            File.Delete(path);
            Assert.That(() => ShardedCheckpoint.Load(Index, run.Optimizer, run.Schedule), path == Index ? Throws.InstanceOf<IOException>() : Throws.TypeOf<InvalidDataException>().With.Message.Contains("is missing"));
            File.WriteAllBytes(path, bytes);
        }
        Assert.That(run.Snapshot(), Is.EqualTo(before));
        ShardedCheckpoint.Load(Index, run.Optimizer, run.Schedule);

        void AssertRefused(string path, byte[] bytes, string what)
        {
            File.WriteAllBytes(path, bytes);
            Assert.Throws<InvalidDataException>(() => ShardedCheckpoint.Load(Index, run.Optimizer, run.Schedule), what);
            if (random.Next(50) == 0)
                Assert.That(run.Snapshot(), Is.EqualTo(before), what);
        }
    }

    /// <summary>Damage that one rank finds is refused by all.</summary>
    [Test]
    public void DamageIsRefusedOnAllRanks()
    {
        SavedRun.Save(Index, 3, steps: 2);
        var shards = Directory.GetFiles(Folder, "*.safetensors").Order().ToArray();
        var bytes = File.ReadAllBytes(shards[1]);
        bytes[^1] ^= 1;
        File.WriteAllBytes(shards[1], bytes);
        var failures = ThreadCommunicator.Run(2, communicator =>
        {
            using var run = new SavedRun(communicator.Device, "small", communicator);
            run.Train(0, 1);
            var before = run.Snapshot();
            var failure = Assert.Catch(() => ShardedCheckpoint.Load(Index, run.Optimizer, run.Schedule));
            Assert.That(run.Snapshot(), Is.EqualTo(before));
            return failure;
        });
        Assert.That(failures[1], Is.TypeOf<InvalidDataException>().With.Message.Contains("is damaged"));
        Assert.That(failures[0], Is.TypeOf<CommunicationException>().With.Message.Contains("Rank 1 could not load the run. InvalidDataException: Tensor"));
    }

    /// <summary>Files of one save under the names of another's.</summary>
    [Test]
    public void AShardOfAnotherSaveIsRefused()
    {
        SavedRun.Save(Index, 2, steps: 1);
        var old = Directory.GetFiles(Folder, "*.safetensors").Order().Select(File.ReadAllBytes).ToArray();
        SavedRun.Save(Index, 2, steps: 2);
        var now = Directory.GetFiles(Folder, "*.safetensors").Order().ToArray();
        File.WriteAllBytes(now[1], old[1]);
        Assert.That(() => SavedRun.Load(Index), Throws.TypeOf<InvalidDataException>().With.Message.Contains("must be of the same save as the index. It is of another"));
    }

    [TestCase("""[]""", "The index is damaged")]
    [TestCase("""{"a":""", "must be JSON as this library writes it")]
    [TestCase("""{"gpuoptim.header":"#"}""", "")]
    [TestCase("""{"gpuoptim.header":"#","files":[{"name":"../a","length":1,"header":""}]}""", "A file must be in the index's folder. Actual name was '../a'")]
    [TestCase("""{"gpuoptim.header":"#","files":[{"name":"C:a","length":1,"header":""}]}""", "A file must be in the index's folder")]
    [TestCase("""{"gpuoptim.header":"#","files":[],"tensors":{"w":{"dtype":"F32","shape":[4],"pieces":[[0,0,4]]}}}""", "Pieces of tensor 'w' must be in files that there are")]
    [TestCase("""{"gpuoptim.header":"#","files":[],"tensors":{"w":{"dtype":"F32","shape":[4],"pieces":[[0,0,3]]}}}""", "Pieces of tensor 'w' of shape [4] must be 4 elements. Actual number was 3")]
    [TestCase("""{"gpuoptim.header":"#","files":[],"tensors":{"w":{"dtype":"F32","shape":[4],"pieces":[[0,0,3],[0,2,4]]}}}""", "Pieces of tensor 'w' must lie one behind the other. One begins at 2 and ends at 4, where the one before ends at 3")]
    [TestCase("""{"gpuoptim.header":"#","files":[],"tensors":{"w":{"dtype":"F32","shape":[-4],"pieces":[]}}}""", "must be at least 0")]
    [TestCase("""{"gpuoptim.header":"#","files":[],"tensors":{"w":{"dtype":"F32","shape":[4],"pieces":[7]}}}""", "")]
    [TestCase("""{"gpuoptim.header":"#","files":[],"tensors":{},"save":"x"}""", "gpuoptim.version")]
    public void HostileIndexesAreRefused(string json, string message)
    {
        // Whoever means harm knows how to make a digest.
        var zeroed = Encoding.UTF8.GetBytes(json.Replace("#", new string('0', 32), StringComparison.Ordinal));
        File.WriteAllText(Index, json.Replace("#", RunFile.HeaderDigest(zeroed, "gpuoptim.header"), StringComparison.Ordinal));
        Assert.That(() => SavedRun.Load(Index), Throws.TypeOf<InvalidDataException>().With.Message.Contains(message).And.Message.Contains(Index));
    }
}
