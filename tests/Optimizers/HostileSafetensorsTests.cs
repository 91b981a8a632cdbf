using System.Buffers.Binary;
using System.Text;
using GpuOptim.Host;
using GpuOptim.Optimizers.Checkpoints;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Optimizers;

/// <summary>
/// Valid files with one hostile change to their structure: each is refused with an error that names the file, or read to just the bytes that are where its
/// header says; what is refused changes nothing.
/// </summary>
/// <remarks>
/// <c>-- TestRunParameters.Parameter(name="DamagedFiles", value="100000")</c> makes more.
/// </remarks>
public sealed class HostileSafetensorsTests : FolderTest
{
    /// <summary>What a file may take beyond its own length: pieces on their way, and what the test itself needs.</summary>
    private const long Slack = 16 << 20;

    private static readonly string[] _names = ["a", "b", "c.weight", "long.name/ü"];

    private SimdDevice _device = null!;
    private Parameter<float>[] _parameters = null!;

    private string File => Path.Combine(Folder, "model.safetensors");

    private string Index => Path.Combine(Folder, "model.safetensors.index.json");

    [SetUp]
    public void Open()
    {
        _device = new(threads: 1);
        _parameters = [.. _names.Select(name => _device.CreateParameter(name, [2, 3]))];
    }

    [TearDown]
    public void Close() => _device.Dispose();

    [Test]
    public void FilesAreRefusedOrReadAsTheyAre()
    {
        var (files, refused) = (TestContext.Parameters.Get("DamagedFiles", 2000), 0);
        for (var seed = 0; seed < files; seed++)
        {
            var random = new Random(seed);
            var tensors = _names.Select((name, i) => new Entry(name, "F32", "[2,3]", $"{24 * i}", $"{24 * (i + 1)}")).ToList();
            var change = Change(tensors, random);
            var header = change.Header ?? $"{{{change.Metadata}{string.Join(',', tensors.Select(tensor => tensor.ToString()))}}}";
            var bytes = Assemble(header, change.HeaderLength, Data(change.DataLength), random.Next(3));
            System.IO.File.WriteAllBytes(File, bytes);
            refused += Load(File, bytes.Length, $"seed {seed}: {header[..Math.Min(400, header.Length)]}", tensors) ? 0 : 1;
        }
        Assert.That(refused, Is.InRange(files / 2, files * 95 / 100));
    }

    [Test]
    public void IndexesAreRefusedOrReadAsTheyAre()
    {
        var tensors = _names.Select((name, i) => new Entry(name, "F32", "[2,3]", $"{24 * (i / 2)}", $"{24 * (i / 2 + 1)}")).ToList();
        for (var shard = 0; shard < 2; shard++)
        {
            var own = tensors.Where((_, i) => i % 2 == shard);
            System.IO.File.WriteAllBytes(Path.Combine(Folder, $"s{shard}.safetensors"), Assemble($"{{{string.Join(',', own)}}}", null, Data(48), 0));
        }
        var (files, refused) = (TestContext.Parameters.Get("DamagedFiles", 2000), 0);
        for (var seed = 0; seed < files; seed++)
        {
            var random = new Random(seed);
            var json = HostileIndex(random);
            System.IO.File.WriteAllText(Index, json);
            refused += Load(Index, json.Length, $"seed {seed}: {json[..Math.Min(400, json.Length)]}", null) ? 0 : 1;
        }
        Assert.That(refused, Is.InRange(files / 2, files * 95 / 100));
    }

    /// <summary>One hostile change.</summary>
    private static (string? Header, string Metadata, ulong? HeaderLength, int DataLength) Change(List<Entry> tensors, Random random)
    {
        var (which, other) = (random.Next(tensors.Count), random.Next(tensors.Count));
        var victim = tensors[which];
        string[] numbers = ["-1", "0", "1", "7", "23", "25", "96", "97", "1e3", "24.0", "2147483648", "4294967296", "9223372036854775807", "9223372036854775808", "18446744073709551615", "1e400", "null", "\"24\"", "[24]", "true"];
        string Number() => numbers[random.Next(numbers.Length)];
        string[] types = ["F64", "BF16", "F16", "I32", "F8_E8M0", "F4", "BOOL", "f32", "", "F32 ", "U64", "C64", new string('F', 5000)];
        var length = 96;
        switch (random.Next(16))
        {
            case 0: tensors[which] = victim with { Start = Number() }; break;
            case 1: tensors[which] = victim with { End = Number() }; break;
            case 2: tensors[which] = victim with { Start = tensors[other].Start, End = tensors[other].End }; break;
            case 3: tensors[which] = victim with { Name = tensors[other].Name }; break;
            case 4: tensors[which] = victim with { Type = types[random.Next(types.Length)] }; break;
            case 5: tensors[which] = victim with { Shape = $"[{Number()},{Number()}]" }; break;
            case 6: tensors[which] = victim with { Shape = $"[{string.Join(',', Enumerable.Repeat("2147483647", random.Next(1, 2000)))},0]" }; break;
            case 7: tensors.RemoveAt(which); break;
            case 8: tensors.Add(new("more", types[random.Next(types.Length)], $"[{Number()}]", "96", Number())); break;
            case 9: length = random.Next(200); break;
            case 10: return (null, "", random.Next(4) switch { 0 => ulong.MaxValue, 1 => (ulong)random.NextInt64(), 2 => (ulong)random.Next(1000), _ => 99_999_999 }, length);
            case 11: return (Bomb(random), "", null, length);
            case 12: return (null, Metadata(random, Number()), null, length);
            case 13: tensors[which] = victim with { Name = new string('x', random.Next(100_000)) }; break;
            case 14: tensors[which] = victim with { Extra = $",\"{(random.Next(2) == 0 ? "dtype" : "code")}\":{Number()}" }; break;
            default: (tensors[which], tensors[other]) = (tensors[other], tensors[which]); break;
        }
        return (null, "", null, length);
    }

    private static string Metadata(Random random, string number) => random.Next(5) switch
    {
        0 => $"\"__metadata__\":{number},",
        1 => $"\"__metadata__\":{{\"format\":{number}}},",
        2 => "\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"},",
        3 => "\"__metadata__\":{},\"__metadata__\":{},",
        _ => $"\"__metadata__\":{{\"note\":\"{new string('n', 10_000)}\"}},",
    };

    /// <summary>JSON that is deep, or many values, or no JSON.</summary>
    private static string Bomb(Random random) => random.Next(6) switch
    {
        0 => new string('[', random.Next(1, 100_000)),
        1 => string.Concat(Enumerable.Repeat("{\"a\":", random.Next(1, 20_000))),
        2 => $"{{\"a\":[{string.Join(',', Enumerable.Repeat("1", random.Next(1, 50_000)))}]}}",
        3 => $"{{{string.Join(',', Enumerable.Range(0, random.Next(1, 3000)).Select(i => $"\"{i}\":{{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}}"))}}}",
        4 => "{\"a\":\"\\ud800\"}",
        _ => new string(' ', random.Next(1, 100_000)),
    };

    private static string HostileIndex(Random random)
    {
        List<(string Name, string File)> map = [.. _names.Select((name, i) => ($"\"{name}\"", $"\"s{i % 2}.safetensors\""))];
        string[] files =
        [
            "\"s0.safetensors\"", "\"s1.safetensors\"", "\"../s0.safetensors\"", "\"./s0.safetensors\"", "\"/etc/passwd\"", "\"\"", "\"a/b/c.safetensors\"", "\"..\"", "\"model.safetensors.index.json\"", "null", "1", "[]", "{}",
            "\"\\u0000\"", "\"" + new string('f', 5000) + "\"", "\"\\ud800\"", "\"C:s0.safetensors\"", "\"s0.safetensors/\"", "\"s0.safetensors\\u0000x\"",
        ];
        var which = random.Next(map.Count);
        var (before, after) = ("", "");
        switch (random.Next(8))
        {
            case 0 or 1: map[which] = (map[which].Name, files[random.Next(files.Length)]); break;
            case 2: map[which] = (map[random.Next(map.Count)].Name, map[which].File); break;
            case 3: map.RemoveAt(which); break;
            case 4: map.Add(("\"more\"", files[random.Next(files.Length)])); break;
            case 5: before = $"\"metadata\":{Bomb(random)},"; break;
            case 6: after = random.Next(2) == 0 ? ",\"weight_map\":{}" : ",\"metadata\":{\"gpuoptim.save\":\"x\"}"; break;
            default: before = $"\"metadata\":{{\"total_size\":{random.NextInt64()},\"deep\":{string.Concat(Enumerable.Repeat("[", random.Next(30)))}}},"; break;
        }
        return $"{{{before}\"weight_map\":{{{string.Join(',', map.Select(each => $"{each.Name}:{each.File}"))}}}{after}}}";
    }

    private static byte[] Assemble(string header, ulong? headerLength, byte[] data, int padding)
    {
        var text = Encoding.UTF8.GetBytes(header + new string(' ', padding));
        var prefix = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(prefix, headerLength ?? (ulong)text.Length);
        return [.. prefix, .. text, .. data];
    }

    /// <summary>Numbers that tell where they stand.</summary>
    private static byte[] Data(int length) => [.. Enumerable.Range(0, (length + 3) / 4).SelectMany(i => BitConverter.GetBytes((float)(i + 1))).Take(length)];

    /// <summary>Loads a file.</summary>
    /// <returns>Whether it was read; then all is what the header says.</returns>
    private bool Load(string path, long length, string what, List<Entry>? tensors)
    {
        foreach (var parameter in _parameters)
            parameter.Data.CopyFrom([-1f, -1f, -1f, -1f, -1f, -1f]);
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            Checkpoint.LoadParameters(path, _parameters);
        }
        catch (InvalidDataException failure)
        {
            Assert.That(failure.Message, Does.Contain(path).Or.Contain(Folder), what);
            Assert.That(_parameters.SelectMany(parameter => parameter.Data.ToArray()), Is.All.EqualTo(-1), what);
            return false;
        }
        finally
        {
            Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(32 * length + Slack), what);
        }
        for (var i = 0; i < _parameters.Length; i++)
        {
            var start = tensors is null ? 24 * (i / 2) : int.Parse(tensors.Single(tensor => tensor.Name == _names[i]).Start, System.Globalization.CultureInfo.InvariantCulture);
            Assert.That(_parameters[i].Data.ToArray(), Is.EqualTo(Enumerable.Range(start / 4 + 1, 6).Select(value => (float)value)), what);
        }
        return true;
    }

    private sealed record Entry(string Name, string Type, string Shape, string Start, string End, string Extra = "")
    {
        public override string ToString() => $"\"{Name}\":{{\"dtype\":\"{Type}\",\"shape\":{Shape},\"data_offsets\":[{Start},{End}]{Extra}}}";
    }
}
