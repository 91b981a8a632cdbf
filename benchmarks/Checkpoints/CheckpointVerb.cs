using System.CommandLine;
using System.Globalization;
using GpuOptim.Benchmarks.Engine;
using GpuOptim.Benchmarks.Results;
using GpuOptim.Benchmarks.Throughput;
using GpuOptim.Benchmarks.Verbs;
using GpuOptim.Host;
using GpuOptim.Optimizers;
using GpuOptim.Optimizers.Checkpoints;

namespace GpuOptim.Benchmarks.Checkpoints;

/// <summary>Times writing and reading a run beside copying the same file, flushed to the disk in the same way.</summary>
internal sealed class CheckpointVerb() : Verb("checkpoint", "How long does it take to write and read a run, beside a copy of the same file?")
{
    /// <summary>Tensors that the parameters are divided into.</summary>
    private const int Tensors = 16;

    private readonly Option<int> _parameters = CommonOptions.Positive("--parameters", "How many parameters AdamW trains; the file has 12 bytes each", 32_000_000);
    private readonly Option<DirectoryInfo> _folder = new("--folder") { Description = "Where to write", DefaultValueFactory = _ => new(Path.GetTempPath()) };
    private readonly Option<string[]> _formats = Formats();

    public override IReadOnlyList<Option> Options => [_parameters, _folder, _formats];

    public override IEnumerable<Contest> Contests(ParseResult result, Bench bench) => bench.Accelerator is not null ? [] :
        from format in result.GetRequiredValue(_formats)
        select Create(bench.Simd(bench.Threads[^1]), result.GetValue(_parameters), result.GetRequiredValue(_folder), format);

    private static Option<string[]> Formats()
    {
        var formats = CommonOptions.Many("--format", "safetensors, async for that in the background, sharded for parameters alone in 8 files or more, pt for PyTorch's", ["safetensors"]);
        formats.AcceptOnlyFromAmong("safetensors", "async", "sharded", "pt");
        return formats;
    }

    private static Contest Create(SimdDevice device, int count, DirectoryInfo folder, string format) => new(
        $"{format}, {count / 1e6:0.###}M parameters of AdamW",
        new Dictionary<string, string> { ["format"] = format, ["parameters"] = count.ToString(CultureInfo.InvariantCulture) },
        scope =>
        {
            var length = Math.Max(1, count / Tensors);
            var parameters = Enumerable.Range(0, Tensors).Select(i => scope.Keep(device.CreateParameter($"p{i}", [length]))).ToArray();
            foreach (var parameter in parameters)
            {
                Numbers.Fill(parameter.Data, Numbers.Parameter);
                Numbers.Fill(parameter.Gradient, Numbers.Gradient);
            }
            var optimizer = scope.Keep(new AdamW(parameters));
            optimizer.Step();

            var own = folder.CreateSubdirectory($"gpuoptim-{Guid.NewGuid():N}");
            scope.Finally(() => own.Delete(recursive: true));
            var extension = format switch { "sharded" => "safetensors.index.json", "async" => "safetensors", _ => format };
            string file = Path.Combine(own.FullName, $"run.{extension}"), copy = Path.Combine(own.FullName, "copy");
            Action save = format switch
            {
                "pt" => () => TorchCheckpoint.Save(file, optimizer),
                "sharded" => () => Checkpoint.SaveParameters(file, parameters, Math.Max(1L, count / 2)),
                "async" => () => Checkpoint.SaveAsync(file, optimizer).Wait(),
                _ => () => Checkpoint.Save(file, optimizer),
            };
            Action load = format switch
            {
                "pt" => () => TorchCheckpoint.Load(file, optimizer),
                "sharded" => () => Checkpoint.LoadParameters(file, parameters),
                "async" => () => Checkpoint.LoadAsync(file, optimizer).Wait(),
                _ => () => Checkpoint.Load(file, optimizer),
            };
            save();
            string[] Files() => Directory.GetFiles(own.FullName, "run*");
            var work = new Work(Bytes: Files().Sum(path => new FileInfo(path).Length));
            var buffer = new byte[1 << 22];
            var copying = Entry.Yardstick("copy, flushed", new Workload(() => Copy(Files(), copy, buffer)), work);
            Entry With(string subject, Action run) => Entry.Ours(subject, run, work) with { Floors = [new(copying.Subject, 1, "a copy of the same files, flushed to the disk")] };
            return
            [
                copying,
                With("write", save),
                With("read", load) with { Check = () => Check(parameters, load) },
                .. format == "async" ? new[] { new Entry("until SaveAsync returns", Figure.Ours, new BackgroundWorkload(() => Checkpoint.SaveAsync(file, optimizer)), new()) } : [],
            ];
        })
    {
        RunsOnce = true,
    };

    /// <summary>Zeroes parameters, loads them, and looks whether all is as before.</summary>
    private static string Check(Parameter<float>[] parameters, Action load)
    {
        float[][] before = [.. parameters.Select(parameter => parameter.Data.ToArray())];
        foreach (var parameter in parameters)
            parameter.Data.Span.Clear();
        load();
        if (!before.Zip(parameters).All(pair => pair.First.AsSpan().SequenceEqual(pair.Second.Data.Span)))
            throw new WrongResultException("What is read must be what was written.");
        return "reads what was written";
    }

    private static void Copy(string[] files, string to, byte[] buffer)
    {
        for (var i = 0; i < files.Length; i++)
        {
            using var source = new FileStream(files[i], FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
            using var destination = new FileStream($"{to}{i}", FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
            for (int read; (read = source.Read(buffer)) > 0;)
                destination.Write(buffer.AsSpan(0, read));
            destination.Flush(flushToDisk: true);
        }
    }
}
