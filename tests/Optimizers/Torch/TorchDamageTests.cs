using System.IO.Compression;
using System.Text;
using GpuOptim.Host;
using GpuOptim.Optimizers;
using GpuOptim.Optimizers.Checkpoints;
using GpuOptim.Optimizers.Checkpoints.Torch;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Optimizers.Torch;

/// <summary>
/// Damaged and hostile files are refused with a clear error, and nothing has changed; what is read in spite of the damage, in bytes that mean
/// nothing or where there is no digest, are tensors of the stated shapes.
/// </summary>
[Parallelizable(ParallelScope.Self)]
public sealed class TorchDamageTests : FolderTest
{
    /// <summary>What is damaged.</summary>
    public enum Target
    {
        /// <summary>A run's archive.</summary>
        Archive,

        /// <summary>The pickle of that archive, on purpose: its CRC-32 is as it should be.</summary>
        Pickle,

        /// <summary>A module in the legacy format.</summary>
        Legacy,
    }

    private string File => Path.Combine(Folder, "run.pt");

    [Test]
    public void EveryTruncationIsRefused([Values] Target target)
    {
        using var victim = new Victim(this, target);
        for (var length = 0; length < victim.Bytes.Length; length++)
            Assert.That(victim.Load(victim.Bytes[..length]), Is.False, $"length {length}");
        Assert.That(victim.Load(victim.Bytes), "the whole file");
    }

    [Test]
    public void EveryFlippedByteIsRefusedOrMeansNothing([Values] Target target)
    {
        using var victim = new Victim(this, target);
        var random = new Random(1);
        var refused = 0;
        for (var place = 0; place < victim.Bytes.Length; place++)
        {
            var damaged = victim.Bytes.AsSpan().ToArray();
            damaged[place] ^= (byte)random.Next(1, 256);
            refused += victim.Load(damaged) ? 0 : 1;
        }
        // In an archive padding, times and the like mean nothing; elsewhere numbers, and texts that nobody asks for.
        Assert.That(refused, Is.GreaterThan(victim.Bytes.Length / 4));
    }

    /// <summary>
    /// Several bytes changed, stretches moved, doubled, cut out. <c>-- TestRunParameters.Parameter(name="DamagedFiles", value="100000")</c> makes
    /// more.
    /// </summary>
    [Test]
    public void DamagedFilesAreRefusedOrMeanNothing([Values] Target target)
    {
        using var victim = new Victim(this, target);
        var files = TestContext.Parameters.Get("DamagedFiles", 2000);
        var refused = 0;
        for (var seed = 0; seed < files; seed++)
            refused += victim.Load(Damaging.Change(victim.Bytes, new Random(seed))) ? 0 : 1;
        Assert.That(refused, Is.GreaterThan(files / 2));
    }

    /// <summary>What is small on the disk must not become large in memory.</summary>
    [Test]
    public void CompressedEntriesAreRefused()
    {
        Write(("archive/data.pkl", new byte[50_000_000]), CompressionLevel.SmallestSize);
        Assert.That(new FileInfo(File).Length, Is.LessThan(100_000));
        var before = GC.GetAllocatedBytesForCurrentThread();
        Refused("Entry 'archive/data.pkl' must be stored, not compressed. Actual lengths were 50000000 and");
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(1_000_000));
    }

    /// <summary>A thousand names for the same megabyte would be read a thousand times.</summary>
    [Test]
    public void OverlappingEntriesAreRefused()
    {
        Write(("archive/data.pkl", new byte[1_000_000]), CompressionLevel.NoCompression);
        var bytes = System.IO.File.ReadAllBytes(File);
        var directory = bytes.AsSpan().LastIndexOf("PK\u0001\u0002"u8);
        var entry = bytes[directory..bytes.AsSpan().LastIndexOf("PK\u0005\u0006"u8)];
        var end = bytes[(directory + entry.Length)..];
        List<byte> all = [.. bytes[..directory]];
        for (var i = 0; i < 1000; i++)
        {
            Encoding.ASCII.GetBytes($"archive/{i:D8}").CopyTo(entry, 46);
            all.AddRange(entry);
        }
        BitConverter.TryWriteBytes(end.AsSpan(8), (ushort)1000);
        BitConverter.TryWriteBytes(end.AsSpan(10), (ushort)1000);
        BitConverter.TryWriteBytes(end.AsSpan(12), 1000 * entry.Length);
        System.IO.File.WriteAllBytes(File, [.. all, .. end]);
        Refused("Entry 'archive/00000001' must be within the file, and overlap no other. Actual length was 1000000");
    }

    [Test]
    public void HostileArchivesAreRefused()
    {
        var pickle = PickleWriter.Write(new PickleDictionary { ["p"] = StateTensor.Create<float>([2], [0f, 0f]) }).Pickle;
        var data = new byte[2 * sizeof(float)];
        void RefusedOf(string message, params (string, byte[])[] entries)
        {
            Write(entries, CompressionLevel.NoCompression);
            Refused(message);
        }
        RefusedOf("must have one entry 'NAME/data.pkl'. Actual number was 0", ("a/b/data.pkl", pickle), ("data.pkl", pickle), ("a/other", data));
        RefusedOf("must have one entry 'NAME/data.pkl'. Actual number was 2", ("a/data.pkl", pickle), ("b/data.pkl", pickle));
        RefusedOf("Entry 'a/data/0' must be there once", ("a/data.pkl", pickle), ("a/data/0", data), ("a/data/0", data));
        RefusedOf("Entry 'a/data/0' of a tensor is missing", ("a/data.pkl", pickle), ("b/data/0", data));
        RefusedOf("Entry 'a/data/0' must have 8 bytes, 2 of Float32. Actual number was 7", ("a/data.pkl", pickle), ("a/data/0", data[1..]));
        RefusedOf("Entry 'a/byteorder' must be 'little'. Actual value was 'big'", ("a/data.pkl", pickle), ("a/data/0", data), ("a/byteorder", "big"u8.ToArray()));
        RefusedOf("Entry 'a/byteorder' must be 'little'. Actual value was ''", ("a/data.pkl", pickle), ("a/data/0", data), ("a/byteorder", []));
        RefusedOf("Entry 'a/data.pkl' is not as it should be. Opcode 0x82 at byte 2 is not allowed", ("a/data.pkl", [0x80, 2, 0x82, 1]));
        RefusedOf("The file must hold a dictionary", ("a/data.pkl", Encoding.Latin1.GetBytes("\u0080\u0002cos\nsystem\n.")));
        RefusedOf("Parameter 'p' must be a tensor. Actual value was os.system(…)", ("a/data.pkl", Encoding.Latin1.GetBytes("\u0080\u0002}X\u0001\0\0\0pcos\nsystem\nN\u0085Rs.")));
        RefusedOf("The file must hold a dictionary", ("a/data.pkl", PickleWriter.Write(new List<object?>()).Pickle));
        System.IO.File.WriteAllBytes(File, [.. "PK\u0003\u0004"u8, .. new byte[100]]);
        Refused("must be a zip archive, whole");
        System.IO.File.WriteAllBytes(File, [5, 1]);
        Refused("must be a zip archive or begin with a pickle. Actual first byte was 5");
        System.IO.File.WriteAllBytes(File, []);
        Refused("Actual first byte was -1");
        System.IO.File.WriteAllBytes(File, PickleWriter.Write(1L).Pickle);
        Refused("must have 119547037146038801333356 as its magic number: it is no PyTorch file. Actual value was 1");
    }

    /// <summary>One number that a view repeats for longer than an array can be.</summary>
    [Test]
    public void ViewsThatDoNotFitAreRefused()
    {
        const string Pickle = "\u0080\u0002}X\u0001\0\0\0pctorch._utils\n_rebuild_tensor_v2\n((X\u0007\0\0\0storagectorch\nFloatStorage\nX\u0001\0\0\00X\u0003\0\0\0cpuK\u0001tQK\0J\0\0\0\u0040\u0085K\0\u0085\u0089NtRs.";
        Write([("a/data.pkl", Encoding.Latin1.GetBytes(Pickle)), ("a/data/0", new byte[sizeof(float)])], CompressionLevel.NoCompression);
        Refused("Parameter 'p' must have shape [2]. Actual shape was [1073741824]");
        using var file = TorchFile.Open(File);
        Assert.That(() => file.Content((TorchTensor)((PickleDictionary)file.Root!)["p"]!).Read("It"), Throws.TypeOf<InvalidDataException>().With.Message.Contains("It is not contiguous, and must then take at most"));
    }

    private void Write((string, byte[]) entry, CompressionLevel level) => Write([entry], level);

    private void Write((string Name, byte[] Bytes)[] entries, CompressionLevel level)
    {
        using var zip = new ZipArchive(System.IO.File.Create(File), ZipArchiveMode.Create);
        foreach (var (name, bytes) in entries)
        {
            using var stream = zip.CreateEntry(name, level).Open();
            stream.Write(bytes);
        }
    }

    private void Refused(string message)
    {
        using var device = new SimdDevice(threads: 1);
        var parameter = device.CreateParameter("p", [2], [1f, 2f]);
        Assert.That(() => TorchCheckpoint.LoadParameters(File, [parameter]), Throws.TypeOf<InvalidDataException>().With.Message.Contains(message).And.Message.Contains(File));
        Assert.That(parameter.Data.ToArray(), Is.EqualTo([1f, 2f]));
    }

    /// <summary>A run whose file is damaged, or a module.</summary>
    private sealed class Victim : IDisposable
    {
        private const string Pickle = "archive/data.pkl";

        private readonly TorchDamageTests _tests;
        private readonly Target _target;
        private readonly SimdDevice _device = new(threads: 1);
        private readonly TrainingRun? _run;
        private readonly Parameter[] _module;
        private readonly (string Name, byte[] Bytes)[] _entries = [];
        private readonly IReadOnlyList<object?> _loaded = [];

        public Victim(TorchDamageTests tests, Target target)
        {
            (_tests, _target) = (tests, target);
            _module = [_device.CreateParameter("layer.weight", [6, 8]), _device.CreateParameter("layer.transposed", [8, 6]), _device.CreateParameter<BFloat16>("brain", [6, 8]), _device.CreateParameter("scalar", [])];
            Bytes = System.IO.File.ReadAllBytes(TorchCheckpointTests.Golden("checkpoint_module_legacy.pt"));
            if (target == Target.Legacy)
                return;
            _run = new TrainingRun(new SimdDevice(threads: 1), "small");
            _run.Train(0, 2);
            TorchCheckpoint.Save(tests.File, _run.Optimizer);
            Bytes = System.IO.File.ReadAllBytes(tests.File);
            _loaded = _run.Snapshot();
            _run.Train(2, 1);
            if (target == Target.Archive)
                return;
            using var zip = ZipFile.OpenRead(tests.File);
            _entries = [.. zip.Entries.Select(entry =>
            {
                using var stream = entry.Open();
                var bytes = new byte[entry.Length];
                stream.ReadExactly(bytes);
                return (entry.FullName, bytes);
            })];
            Bytes = _entries.First(entry => entry.Name == Pickle).Bytes;
        }

        public byte[] Bytes { get; }

        /// <summary>Whether a file with these bytes is read, without harm.</summary>
        public bool Load(byte[] bytes)
        {
            if (_target == Target.Pickle)
                _tests.Write([.. _entries.Select(entry => entry.Name == Pickle ? (Pickle, bytes) : entry)], CompressionLevel.NoCompression);
            else
                System.IO.File.WriteAllBytes(_tests.File, bytes);
            var before = Snapshot();
            var allocated = GC.GetAllocatedBytesForCurrentThread();
            var failure = Capture(() =>
            {
                if (_run is not null)
                    TorchCheckpoint.Load(_tests.File, _run.Optimizer);
                else
                    TorchCheckpoint.LoadParameters(_tests.File, _module);
            });
            Assert.That(GC.GetAllocatedBytesForCurrentThread() - allocated, Is.LessThan(10_000_000), "bounded memory");
            if (failure is not null)
            {
                Assert.That(failure, Is.TypeOf<InvalidDataException>(), $"{failure}");
                Assert.That(failure.Message, Does.Contain(_tests.File));
                Assert.That(Snapshot(), Is.EqualTo(before), "nothing has changed");
                return false;
            }
            if (_run is not null)
            {
                // What has a digest is either refused or what was saved; only the schedule, which is not in the file, is a step further.
                if (_target == Target.Archive)
                    Assert.That(_run.Snapshot().SkipLast(1), Is.EqualTo(_loaded.SkipLast(1)));
                _run.Train(2, 1);
            }
            else
            {
                AssertWithinStorages();
            }
            return true;
        }

        public void Dispose()
        {
            _run?.Dispose();
            _device.Dispose();
        }

        private static Exception? Capture(Action action)
        {
            try
            {
                action();
                return null;
            }
            catch (Exception failure)
            {
                return failure;
            }
        }

        private void AssertWithinStorages()
        {
            using var file = TorchFile.Open(_tests.File);
            var model = (PickleDictionary)file.Root!;
            foreach (var parameter in _module)
            {
                var tensor = (TorchTensor)model[parameter.Name]!;
                Assert.That(tensor.Shape, Is.EqualTo(parameter.Shape));
                var bytes = new byte[parameter.Data.SizeInBytes];
                parameter.Data.CopyBytesTo(bytes);
                Assert.That(new TorchBytes(file, tensor).ToArray(), Is.EqualTo(bytes));
            }
        }

        private IReadOnlyList<object?> Snapshot() => _run?.Snapshot() ?? [.. _module.Select(parameter =>
        {
            var bytes = new byte[parameter.Data.SizeInBytes];
            parameter.Data.CopyBytesTo(bytes);
            return Convert.ToHexString(bytes);
        })];
    }
}
