using System.CommandLine;
using GpuOptim.Host;
using GpuOptim.Optimizers;
using GpuOptim.Optimizers.Checkpoints;
using Spectre.Console;

namespace GpuOptim.Benchmarks.Checkpoints;

/// <summary>Times writing and reading a run beside copying the same file, flushed to the disk in the same way.</summary>
internal static class CheckpointCommand
{
    /// <summary>Tensors that the parameters are divided into.</summary>
    private const int Tensors = 16;

    public static Command Create()
    {
        var parameters = new Option<int>("--parameters") { Description = "How many parameters AdamW trains; the file has 12 bytes each", DefaultValueFactory = _ => 32_000_000 };
        var rounds = new Option<int>("--rounds") { Description = "Rounds; every round runs each once", DefaultValueFactory = _ => 5 };
        var folder = new Option<DirectoryInfo>("--folder") { Description = "Where to write", DefaultValueFactory = _ => new(Path.GetTempPath()) };
        var format = new Option<string>("--format") { Description = "safetensors, async for that in the background, sharded for parameters alone in 8 files or more, or pt for PyTorch's", DefaultValueFactory = _ => "safetensors" }
            .AcceptOnlyFromAmong("safetensors", "async", "sharded", "pt");
        var command = new Command("checkpoint", "Writing and reading a run, beside copies of the same file in the same rounds") { parameters, rounds, folder, format };
        command.SetAction(result => Run(result.GetValue(parameters), result.GetValue(rounds), result.GetRequiredValue(folder), result.GetRequiredValue(format)));
        return command;
    }

    private static void Run(int count, int rounds, DirectoryInfo folder, string format)
    {
        using var device = new SimdDevice();
        Parameter<float>[] parameters = [.. Enumerable.Range(0, Tensors).Select(i => device.CreateParameter($"p{i}", [count / Tensors]))];
        foreach (var parameter in parameters)
            parameter.Gradient.Span.Fill(0.1f);
        using var optimizer = new AdamW(parameters);
        optimizer.Step();

        var own = folder.CreateSubdirectory($"gpuoptim-{Guid.NewGuid():N}");
        try
        {
            var extension = format switch { "sharded" => "safetensors.index.json", "async" => "safetensors", _ => format };
            string file = Path.Combine(own.FullName, $"run.{extension}"), copy = Path.Combine(own.FullName, "copy");
            var maxBytes = Math.Max(1L, count / 2);
            Action save = format switch
            {
                "pt" => () => TorchCheckpoint.Save(file, optimizer),
                "sharded" => () => Checkpoint.SaveParameters(file, parameters, maxBytes),
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
            IWorkload[] held = format == "async" ? [new BackgroundWorkload("until SaveAsync returns", () => Checkpoint.SaveAsync(file, optimizer))] : [];
            save();
            var buffer = new byte[1 << 22];
            var measured = Measurement.Interleave(
                [
                    new Workload("copy, flushed", () => Copy(Directory.GetFiles(own.FullName, "run*"), copy, buffer)),
                    new Workload("write", save),
                    new Workload("read", load),
                    .. held,
                ],
                rounds,
                secondsEach: 0);
            var bytes = Directory.GetFiles(own.FullName, "run*").Sum(path => new FileInfo(path).Length);
            var table = new Table().Border(TableBorder.Rounded).Title($"[bold]{bytes / 1e6:F0} MB[/]").AddColumn("");
            foreach (var column in new[] { "ms", "MB/s", "of copy", "±" })
                table.AddColumn(new TableColumn(column).RightAligned());
            foreach (var each in measured)
                table.AddRow(each.Name, $"{each.Median * 1e3:F0}", $"{bytes / each.Median / 1e6:F0}", $"{each.TimesFasterThan(measured[0]):P0}", $"{each.Spread:P0}");
            AnsiConsole.Write(table);
        }
        finally
        {
            own.Delete(recursive: true);
        }
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
