using System.Globalization;
using GpuOptim.Benchmarks.Results;

namespace GpuOptim.Tests.Benchmarks.Html;

/// <summary>A report with numbers as a machine of two cores gives them; the same every time.</summary>
internal static class SampleReport
{
    private const int Passes = 3, Rounds = 7;

    private static readonly (string Name, int States, double Flops, double Slower)[] _optimizers =
    [
        ("sgd", 0, 2, 1), ("momentum", 1, 4, 1), ("rmsprop", 1, 9, 1.9), ("adam", 2, 12, 1.05), ("adamw", 2, 14, 1.07),
    ];

    public static Machine Machine { get; } = new(
        "AMD EPYC 9B45", 2, [new("L1", 48 << 10, 1), new("L2", 1 << 20, 1), new("L3", 32 << 20, 2)], 8L << 30, [512, 256, 128], "Debian GNU/Linux 12", ".NET 10.0.1", "0.1.0",
        "simd, 2 threads, 512 bits", ["PyTorch 2.14.0", "TorchSharp 0.107.0", "ILGPU 1.5.3"]);

    public static Report Create()
    {
        var random = new Random(1);
        string[] layouts = ["1x1K", "1x4K", "1x16K", "1x64K", "1x250K", "1x1M", "1x4M", "1x16M", "1x64M"];
        List<Race> throughput = [.. layouts.Reverse().Select(layout => Update(random, layout, "float32", 2))];
        throughput.AddRange(new[] { "1x64K", "1x64M" }.Select(layout => Update(random, layout, "float32", 1)));
        throughput.AddRange(layouts.Reverse().Select(layout => Update(random, layout, "bfloat16/float32", 2)));
        return With(
            Chapter("throughput", "How near do updates come to what memory and the divide unit allow?", throughput),
            Chapter("launch", "What do many small tensors cost?", [Update(random, "1000x1024", "float32", 2), Update(random, "10000x100", "float32", 2)]),
            Chapter("newton-schulz", "How near do Newton-Schulz iterations come to the peak of multiply-adds?", [.. new[] { 512, 1024, 2048 }.Select(size => Products(random, size))]),
            Chapter("muon", "What does a step of Muon cost?", [Muon(random, "100 matrices, 64 × 64 to 256 × 256", 0.025, 11e9, 2.1), Muon(random, "12 matrices of a transformer", 0.133, 80e9, 0.8)]),
            Chapter("cold-start", "How long does it take from the start of a process to its first step?",
            [
                Race("A process that takes one step", new() { ["device"] = "simd" },
                [
                    Timed(random, "first step", Figure.Ours, new(), 0.081, "the first step is that of a warm process, bit for bit"),
                    Timed(random, "first step", "PyTorch fused", new(), 2.31, null),
                    Timed(random, "first step", "TorchSharp", new(), 0.87, null),
                ]),
            ]),
            Chapter("checkpoint", "What does a checkpoint cost?",
            [
                Race("Write 10M parameters and AdamW's states", new() { ["format"] = "safetensors" },
                [
                    Timed(random, "copy of a file", Figure.Yardstick, new(0, 120e6), 0.048, null),
                    Floored(Timed(random, "save", Figure.Ours, new(10_000_000, 120e6), 0.061, "reads back to the same bits"), ("copy of a file", 0.048)),
                    Timed(random, "save", "PyTorch", new(10_000_000, 120e6), 0.094, null),
                ]),
            ]));
    }

    /// <summary>A report with some chapters.</summary>
    public static Report With(params Chapter[] chapters) => new(
        new(2026, 3, 14, 15, 9, 26, TimeSpan.FromHours(1)),
        "gpuoptim-bench report --out report.html",
        Machine,
        new(Passes, Rounds, 0.05, CacheState.Kept),
        new(4.1, 0.004, 0.001, 0.3, []),
        chapters);

    public static Chapter Chapter(string verb, string question, params IReadOnlyList<Race> races) => new(verb, question, $"gpuoptim-bench {verb} --device simd", races);

    public static Race Race(string name, Dictionary<string, string> setting, params IReadOnlyList<Figure> figures) =>
        new(name, setting, [.. Enumerable.Range(0, Passes).Select(pass => Enumerable.Range(0, Rounds).Select(round => 1e-3 * (1 + 0.004 * Math.Abs(Math.Sin(name.Length + 9 * pass + 5 * round)))).ToArray())], figures);

    /// <summary>A figure around a time.</summary>
    public static Figure Timed(Random random, string subject, string by, Work work, double seconds, string? check, double noise = 0.02)
    {
        var rounds = Enumerable.Range(0, Passes).Select(_ => Enumerable.Range(0, Rounds).Select(_ => seconds * (1 + noise * (random.NextDouble() + random.NextDouble() - 1))).ToArray()).ToArray();
        var sorted = rounds.SelectMany(pass => pass).Order().ToArray();
        return new(subject, by, work, rounds, sorted[sorted.Length / 2], new(sorted[sorted.Length / 3], sorted[2 * sorted.Length / 3]), [], check);
    }

    public static Figure Floored(Figure figure, params (string Name, double Seconds)[] floors) =>
        figure with { Floors = [.. floors.Select(floor => new Floor(floor.Name, floor.Seconds, floor.Seconds / figure.Median, $"the speed of {floor.Name} in the same rounds"))] };

    private static Race Update(Random random, string layout, string type, int threads)
    {
        var parts = layout.Split('x');
        var count = long.Parse(parts[0], CultureInfo.InvariantCulture);
        var length = long.Parse(parts[1].TrimEnd('K', 'M'), CultureInfo.InvariantCulture) * (layout[^1] switch { 'K' => 1_000, 'M' => 1_000_000, _ => 1 });
        var elements = count * length;
        var size = type == "float32" ? 4 : 2;
        // What the caches carry falls off where the data outgrows them.
        var footprint = elements * 4.0 * size / threads;
        var bandwidth = 1e9 * threads * (22 + 45 / (1 + Math.Pow(footprint / 16e6, 3)) + 60 / (1 + Math.Pow(footprint / 1e6, 3)) + 110 / (1 + Math.Pow(footprint / 48e3, 3)));
        if (footprint > 20e6)
            bandwidth = Math.Min(bandwidth, 44e9);
        var launch = threads == 1 ? 0.15e-6 : elements < 20_000 ? 0.25e-6 : 1.2e-6;
        var triad = elements * 12 / bandwidth;
        var divider = elements * 0.052e-9 * 2 / threads + triad * 0.3;
        List<Figure> figures =
        [
            Timed(random, "copy", Figure.Yardstick, new(elements, elements * 8.0), elements * 8 / bandwidth * 0.97, null),
            Timed(random, "triad", Figure.Yardstick, new(elements, elements * 12.0, elements * 2.0), triad, null),
            Timed(random, "divider", Figure.Yardstick, new(elements, elements * 12.0), divider, null),
        ];
        foreach (var (name, states, flops, slower) in _optimizers)
        {
            var work = new Work(elements, elements * (3.0 * size + 2 * size * states), elements * flops);
            var floor = work.Bytes / bandwidth;
            var divides = states == 2 ? divider : name == "rmsprop" ? divider * 0.7 : 0;
            var seconds = Math.Max(floor * 1.04, divides * 1.1) + launch;
            (string, double)[] floors = divides > 0 ? [("triad", floor), ("divider", divides)] : [("triad", floor)];
            figures.Add(Floored(Timed(random, name, Figure.Ours, work, seconds, "within 2e-7 of the formula in double"), floors));
            var call = count * 1.3e-6 + 8e-6;
            figures.Add(Timed(random, name, "PyTorch fused", new(elements), seconds * slower + call, null, 0.05));
            figures.Add(Timed(random, name, "PyTorch foreach", new(elements), seconds * slower * 2.2 + 3 * call, null, 0.05));
            if (name != "rmsprop")
                figures.Add(Timed(random, name, "TorchSharp", new(elements), seconds * slower * 3.1 + 9 * call, null, 0.08));
            if (name == "adamw" && count == 1 && elements < 20_000_000)
            {
                figures.Add(Timed(random, name, "scalar C#", new(elements), elements * 1.9e-9, "within 1e-7 of the formula in double"));
                figures.Add(Timed(random, name, "ILGPU CPU, plain kernel", new(elements), elements * 9e-9 + 60e-6, null, 0.15));
            }
        }
        return Race($"{parts[0]} × {parts[1]}, {type}, {threads} {(threads == 1 ? "thread" : "threads")}", new()
        {
            ["layout"] = layout,
            ["count"] = $"{count}",
            ["length"] = $"{length}",
            ["type"] = type,
            ["threads"] = $"{threads}",
            ["device"] = "simd",
        }, figures);
    }

    private static Race Products(Random random, int size)
    {
        var dense = 30.0 * size * size * size;
        var (work, seconds) = (new Work(0, 0, dense * 0.72, dense), dense / 655e9);
        var peak = 490e9;
        return Race($"{size} × {size}", new() { ["shape"] = $"{size}x{size}", ["threads"] = "2", ["device"] = "simd" },
        [
            Timed(random, "peak", Figure.Yardstick, new(0, 0, peak / 100), 0.01, null, 0.005),
            Floored(Timed(random, "newton-schulz", Figure.Ours, work, seconds, "within 3e-3 of double"), ("peak", work.Flops / peak)),
            Timed(random, "newton-schulz", "PyTorch bfloat16", new(0, 0, 0, dense), seconds * 0.8, null),
            Timed(random, "newton-schulz", "PyTorch float32", new(0, 0, 0, dense), seconds * 4, null),
        ]);
    }

    private static Race Muon(Random random, string name, double seconds, double dense, double times) => Race(name, new() { ["model"] = name, ["threads"] = "2" },
    [
        Timed(random, "peak", Figure.Yardstick, new(0, 0, 4.9e9), 0.01, null, 0.005),
        Floored(Timed(random, "muon", Figure.Ours, new(0, 0, dense * 0.72, dense), seconds, "the same bits as one matrix at a time"), ("peak", dense * 0.72 / 490e9)),
        Timed(random, "muon", "PyTorch bfloat16", new(0, 0, 0, dense), seconds * times, null),
        Timed(random, "muon", "PyTorch float32", new(0, 0, 0, dense), seconds * times * 5, null),
    ]);
}
