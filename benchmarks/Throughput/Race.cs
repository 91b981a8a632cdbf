using GpuOptim.Host;
using Spectre.Console;

namespace GpuOptim.Benchmarks.Throughput;

/// <summary>All that was measured on one layout and type.</summary>
/// <param name="Layout">The tensors.</param>
/// <param name="Type">Types of parameter and state, and the one computed in.</param>
/// <param name="Threads">How many threads worked, here and in PyTorch.</param>
/// <param name="Bytes">Bytes of parameters, gradients and two states.</param>
/// <param name="Results">Copy, triad and divider first.</param>
internal sealed record Race(string Layout, string Type, int Threads, long Bytes, IReadOnlyList<Result> Results)
{
    private const double SecondsEach = 0.05;

    public static Race Run(SimdDevice device, Layout layout, NumberType type, IReadOnlyList<Contestant> contestants, PyTorch? torch, int rounds) => type.Element switch
    {
        ElementType.Float32 => Run<float>(device, layout, type, contestants, torch, rounds),
        ElementType.BFloat16 => Run<BFloat16>(device, layout, type, contestants, torch, rounds),
        _ => Run<Half>(device, layout, type, contestants, torch, rounds),
    };

    /// <summary>Prints a table, and returns what it shows.</summary>
    public Race Print()
    {
        var table = new Table().Border(TableBorder.Rounded).Title($"[bold]{Layout} {Type}, {Size(Bytes)} with two states, {Threads} {(Threads == 1 ? "thread" : "threads")}[/]")
            .AddColumn(new TableColumn("").NoWrap())
            .AddColumn(new TableColumn("ns/param").RightAligned())
            .AddColumn(new TableColumn("bytes").RightAligned())
            .AddColumn(new TableColumn("GB/s").RightAligned())
            .AddColumn(new TableColumn("of triad").RightAligned())
            .AddColumn(new TableColumn("of divider").RightAligned())
            .AddColumn(new TableColumn("±").RightAligned())
            .AddColumn(new TableColumn("× torch").RightAligned());
        foreach (var result in Results)
        {
            table.AddRow(
                result.Name,
                $"{result.NanosecondsPerParameter:F3}",
                result.BytesPerParameter is 0 ? "" : $"{result.BytesPerParameter}",
                result.BytesPerParameter is 0 ? "" : $"{result.BytesPerParameter / result.NanosecondsPerParameter:F1}",
                result.ShareOfTriad is { } ofTriad ? $"{ofTriad:P0}" : "",
                result.ShareOfDivider is { } ofDivider ? $"{ofDivider:P0}" : "",
                $"{result.Spread:P0}",
                result.TimesPyTorch is { } times ? $"{times:F1}" : "");
        }
        AnsiConsole.Write(table);
        return this;
    }

    private static Race Run<T>(SimdDevice device, Layout layout, NumberType type, IReadOnlyList<Contestant> contestants, PyTorch? torch, int rounds) where T : unmanaged
    {
        using var a = device.CreateBuffer<float>(layout.Elements);
        using var b = device.CreateBuffer<float>(layout.Elements);
        using var data = device.CreateBuffer<T>(layout.Elements);
        using var gradients = device.CreateBuffer<T>(layout.Elements);
        for (var start = 0L; start < layout.Elements; start += 1 << 20)
        {
            var length = Math.Min(1 << 20, layout.Elements - start);
            a.Slice(start, length).Span.Fill(0.7f);
            b.Slice(start, length).Span.Fill(0.3f);
            data.Slice(start, length).Span.Fill(Number<T>(0.3f));
            gradients.Slice(start, length).Span.Fill(Number<T>(0.1f));
        }
        Parameter<T>[] parameters =
        [
            .. Enumerable.Range(0, layout.Count).Select(i => new Parameter<T>($"p{i}", [layout.Length], data.Slice(i * layout.Length, layout.Length), gradients.Slice(i * layout.Length, layout.Length))),
        ];

        var optimizers = contestants.Select(contestant => contestant.Create(parameters, type)).ToArray();
        List<IWorkload> workloads = [.. Yardsticks.Create(device, a, b)];
        workloads.AddRange(contestants.Zip(optimizers, (contestant, optimizer) => new Workload(contestant.Name, optimizer.Step)));
        if (torch is not null && type.PyTorchName is { } typeName)
        {
            foreach (var mode in new[] { "default", "foreach", "fused" })
            {
                workloads.AddRange(contestants.Select(contestant => torch.Create(
                    mode == "default" ? $"torch {contestant.Name}" : $"torch {contestant.Name} {mode}",
                    $"optimizer {contestant.Name} {mode} {layout.Count} {layout.Length} {typeName}")).OfType<IWorkload>());
            }
        }

        var measured = Measurement.Interleave(workloads, rounds, SecondsEach);
        foreach (var optimizer in optimizers)
            optimizer.Dispose();
        torch?.Clear();

        var results = measured.Select(measurement =>
        {
            var contestant = contestants.SingleOrDefault(contestant => contestant.Name == measurement.Name);
            var bytes = measurement.Name switch { "copy" => 8, "triad" or "divider" => 12, _ => contestant?.BytesPerParameter(type) ?? 0 };
            var rival = measured.Where(other => $"{other.Name} ".StartsWith($"torch {measurement.Name} ", StringComparison.Ordinal)).MinBy(other => other.Median);
            return new Result(
                measurement.Name,
                measurement.Median * 1e9 / layout.Elements,
                bytes,
                bytes == 0 ? null : measurement.TimesFasterThan(measured[1]) * bytes / 12,
                bytes == 0 ? null : measurement.TimesFasterThan(measured[2]),
                measurement.Spread,
                rival is null ? null : measurement.TimesFasterThan(rival),
                measurement.Seconds);
        });
        return new(layout.ToString(), type.Name, device.Threads, layout.Elements * 2 * (type.Element.Size() + type.State.Size()), [.. results]);
    }

    private static string Size(double bytes) => bytes switch
    {
        < 1 << 10 => $"{bytes} bytes",
        < 1 << 20 => $"{bytes / (1 << 10):0.#} KiB",
        _ => $"{bytes / (1 << 20):0.#} MiB",
    };

    private static T Number<T>(float value) where T : unmanaged =>
        value is T single ? single : (BFloat16)value is T brain ? brain : (Half)value is T half ? half : throw new NotSupportedException(typeof(T).Name);
}
