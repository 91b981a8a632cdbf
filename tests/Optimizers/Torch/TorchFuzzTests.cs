using System.Globalization;
using GpuOptim.Host;
using GpuOptim.Optimizers.Checkpoints;
using GpuOptim.Optimizers.Checkpoints.Torch;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Optimizers.Torch;

/// <summary>
/// Files of PyTorch with one hostile change, made by someone who knows the format: sums are right where they can be. Each is refused with a clear
/// error and nothing has changed, or read; to the same content, if the change was to the archive and not to what is in it. Memory stays bounded.
/// </summary>
[Parallelizable(ParallelScope.Self)]
public sealed class TorchFuzzTests : FolderTest
{
    private const long Allowance = 64 << 20;

    private static readonly byte[] _bomb = new byte[100_000_000];

    private string File => Path.Combine(Folder, "run.pt");

    /// <summary>
    /// A few files of each. <c>GpuOptim.Tests --filter Name=HostileFilesAreRefusedOrReadToTheSame --test-parameter DamagedFiles=100000</c> makes
    /// more, of all kinds together.
    /// </summary>
    [Test]
    public void HostileFilesAreRefusedOrReadToTheSame([Values("namespace.pt", "numpy_array.pt", "protocol4.pt", "float8_beside.pt", "tensors.pt", "tensors_legacy.pt")] string name)
    {
        var valid = System.IO.File.ReadAllBytes(CaseRun.File(name));
        var isLegacy = valid[0] != 'P';
        var pickles = isLegacy ? LegacyPickles(valid) : 0;
        using var run = new CaseRun();
        using var device = new SimdDevice(threads: 1);
        var parameters = name switch { "tensors.pt" or "tensors_legacy.pt" => [device.CreateParameter("plain", [2, 3]), device.CreateParameter("transposed", [3, 2]), device.CreateParameter("parameter", [2, 3])], _ => run.Parameters };
        var loadsOptimizer = name is not ("tensors.pt" or "tensors_legacy.pt" or "float8_beside.pt");

        System.IO.File.WriteAllBytes(File, valid);
        Load();
        var content = Content();
        var refusals = new HashSet<string>();
        var files = Math.Max(1, TestContext.Parameters.Get("DamagedFiles", 2000) / 6);
        var refused = 0;
        for (var seed = 0; seed < files; seed++)
        {
            var random = new Random(seed);
            var isContent = isLegacy || random.Next(2) == 0;
            var bytes = isLegacy ? ChangeLegacy(valid, pickles, random) : ChangeArchive(valid, isContent, random);
            System.IO.File.WriteAllBytes(File, bytes);
            var before = Snapshot();
            var allocated = GC.GetAllocatedBytesForCurrentThread();
            var failure = Capture(Load);
            Assert.That(GC.GetAllocatedBytesForCurrentThread() - allocated, Is.LessThan(bytes.Length + Allowance), $"memory, seed {seed}");
            if (failure is not null)
            {
                Assert.That(failure, Is.TypeOf<InvalidDataException>(), $"seed {seed}: {failure}");
                Assert.That(failure.Message, Does.Contain(File).And.Length.LessThan(1500), $"seed {seed}");
                Assert.That(Snapshot(), Is.EqualTo(before), $"nothing has changed, seed {seed}");
                refusals.Add(new(failure.Message.TakeWhile(each => !char.IsAsciiDigit(each) && each != '\'').ToArray()));
                refused++;
            }
            else if (!isContent)
            {
                Assert.That(Content(), Is.EqualTo(content), $"the same content, seed {seed}");
            }
        }
        TestContext.Out.WriteLine($"{files} files, {refused} refused, in {refusals.Count} ways");
        Assert.That(refused, Is.GreaterThan(files / 4));

        void Load()
        {
            if (loadsOptimizer)
                TorchCheckpoint.Load(File, run.Optimizer);
            else
                TorchCheckpoint.LoadParameters(File, parameters);
        }

        string Content()
        {
            using var file = TorchFile.Open(File);
            file.Verify();
            return Flatten(file, file.Root);
        }

        string Snapshot()
        {
            var values = string.Join(' ', parameters.SelectMany(parameter => parameter.Data.ToArray()).Select(value => value.ToString("R", CultureInfo.InvariantCulture)));
            if (!loadsOptimizer)
                return values;
            var state = run.Optimizer.LiveState();
            var tensors = state.Parameters.Select(pair => $"{pair.Key} {pair.Value.Step} {string.Join(' ', pair.Value.Tensors.Select(tensor => $"{tensor.Key} {Convert.ToHexString(tensor.Value.Bytes.ToArray())}"))}");
            return $"{values} {string.Join(' ', tensors)} {run.Optimizer.Groups[0].AnyOptions}";
        }
    }

    /// <summary>What a bomb would unpack to is not asked for, however it is put.</summary>
    [Test]
    public void BombsAreRefused([Values("data.pkl", "data/0", "byteorder", "version")] string name, [Values] bool lies)
    {
        var archive = new HostileArchive(System.IO.File.ReadAllBytes(CaseRun.File("namespace.pt")));
        var entry = archive.Entries.First(entry => entry.Name.EndsWith($"/{name}", StringComparison.Ordinal));
        entry.Deflate(_bomb);
        if (lies)
            entry.Lengths = (entry.Lengths.Packed, entry.Lengths.Packed);
        System.IO.File.WriteAllBytes(File, archive.ToArray());
        using var run = new CaseRun();
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        Assert.That(() => TorchCheckpoint.Load(File, run.Optimizer), Throws.TypeOf<InvalidDataException>().With.Message.Contains($"namespace/{name}"));
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - allocated, Is.LessThan(2_000_000));
    }

    private static byte[] ChangeLegacy(byte[] valid, int pickles, Random random) => random.Next(4) > 0
        ? [.. HostilePickle.Change(valid[..pickles], random), .. valid[pickles..]]
        : [.. valid[..pickles], .. Damaging.Change(valid[pickles..], random)];

    private static byte[] ChangeArchive(byte[] valid, bool isContent, Random random)
    {
        var archive = new HostileArchive(valid);
        var entries = archive.Entries;
        var (entry, other) = (entries[random.Next(entries.Count)], entries[random.Next(entries.Count)]);
        if (isContent)
        {
            var pickle = entries.First(each => each.Name.EndsWith("/data.pkl", StringComparison.Ordinal));
            if (random.Next(8) > 0)
                pickle.Set(HostilePickle.Change(pickle.Bytes, random));
            else
                entry.Set(random.Next(3) switch { 0 => [], 1 => entry.Bytes[..random.Next(entry.Bytes.Length)], _ => [.. entry.Bytes, .. other.Bytes] });
            return archive.ToArray();
        }
        long Lie(long number) => random.Next(8) switch { 0 => 0, 1 => 1, 2 => uint.MaxValue, 3 => int.MaxValue, 4 => valid.Length, 5 => number + 1, 6 => number - 1, _ => random.Next(valid.Length) };
        var length = entry.Bytes.Length;
        switch (random.Next(20))
        {
            case 0: entry.Lengths = (Lie(length), Lie(length)); break;
            case 1: entry.Lengths = (length, Lie(length)); break;
            case 2: entry.Lengths = (Lie(length), length); break;
            case 3: entry.Local = (Lie(length), Lie(length)); break;
            case 4: entry.Start = Lie(random.Next(valid.Length)); break;
            // Two entries of the same bytes: an overlap.
            case 5: (entry.Start, entry.Lengths, entry.Crc) = (0, entries[0].Lengths, entries[0].Crc); break;
            case 6: entries.Insert(random.Next(entries.Count), new(other.Name, other.Bytes)); break;
            case 7: entries.Insert(random.Next(entries.Count), new(other.Name, entry.Bytes)); break;
            case 8: entry.Deflate(entry.Bytes); break;
            case 9: entry.Deflate(random.Next(100) == 0 ? _bomb : new byte[1_000_000]); break;
            case 10: entry.Method = (ushort)random.Next(1, 100); break;
            case 11: entry.Flags = (ushort)(1 << random.Next(16)); break;
            case 12: entry.Crc ^= 1u << random.Next(32); break;
            case 13: entry.NameBytes = random.Next(5) switch { 0 => [], 1 => [.. "../../evil"u8], 2 => [0xff, 0xfe], 3 => new byte[60_000], _ => [.. entry.NameBytes, 0] }; break;
            case 14: entries.Remove(entry); break;
            case 15: entry.IsWide = true; break;
            case 16:
                entry.IsWide = true;
                if (random.Next(2) == 0)
                    entry.Lengths = random.Next(2) == 0 ? (long.MaxValue, long.MaxValue) : (-1, -1);
                else
                    entry.Start = random.Next(2) == 0 ? -1 : long.MaxValue;
                break;
            case 17: archive.End = random.Next(3) switch { 0 => (Lie(entries.Count), null, null), 1 => (null, Lie(100), null), _ => (null, null, Lie(valid.Length)) }; break;
            case 18: (archive.HasWideEnd, archive.WideEndShift) = (true, random.Next(3) == 0 ? 0 : Lie(0)); break;
            default:
                archive.HasWideEnd = true;
                archive.End = random.Next(3) switch { 0 => (long.MaxValue, null, null), 1 => (null, long.MaxValue, null), _ => (null, null, -1) };
                break;
        }
        return archive.ToArray();
    }

    /// <summary>How long the pickles at the start of a legacy file are.</summary>
    private static int LegacyPickles(byte[] file)
    {
        var reader = new PickleReader(new MemoryStream(file), file.Length, new());
        for (var i = 0; i < 5; i++)
            _ = reader.Read();
        return (int)reader.Position;
    }

    private static string Flatten(TorchFile file, object? value) => value switch
    {
        PickleDictionary dictionary => $"{{{string.Join(", ", dictionary.Select(pair => $"{PickleValue.Describe(pair.Key)}: {Flatten(file, pair.Value)}"))}}}",
        IReadOnlyList<object?> list => $"[{string.Join(", ", list.Select(item => Flatten(file, item)))}]",
        TorchTensor tensor => $"{tensor} {Convert.ToHexString(new TorchBytes(file, tensor).ToArray())}",
        _ => PickleValue.Describe(value),
    };

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
}
