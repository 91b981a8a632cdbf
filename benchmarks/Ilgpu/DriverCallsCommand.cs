using System.CommandLine;
using System.Diagnostics;
using GpuOptim.Host;
using GpuOptim.Host.Ilgpu;
using GpuOptim.Optimizers;
using Spectre.Console;

namespace GpuOptim.Benchmarks.Ilgpu;

/// <summary>What a step asks of CUDA's driver, plain and as a graph: the host's part, whatever the size of tensors.</summary>
internal static class DriverCallsCommand
{
    private const int Warmup = 12;
    private const int Steps = 12;

    public static Command Create()
    {
        var library = new Option<FileInfo?>("--library") { Description = "A library to take for CUDA's driver: that of the virtual card, which counts calls" };
        var calls = new Option<bool>("--names") { Description = "List the functions called, too, where they are counted" };
        var command = new Command("driver-calls", "Launches, copies and bytes of a step on a CUDA device, and the host's time; on the virtual card also the driver's functions called") { library, calls };
        command.SetAction(result => Run(result.GetValue(library), result.GetValue(calls)));
        return command;
    }

    private static void Run(FileInfo? library, bool listsNames)
    {
        if (library is not null)
            DriverCounts.Use(library.FullName);
        if (IlgpuDevice.CudaDescription is null)
            throw new InvalidOperationException("There is no CUDA device. --library takes the virtual card's.");
        var table = new Table { Border = TableBorder.Markdown };
        table.AddColumns("a step of", "", "launches", "bytes to device", "waits", "bytes allocated", "host, µs", "driver calls");
        if (listsNames)
            table.AddColumn("of which");
        foreach (var (name, create) in Kinds)
        {
            foreach (var usesGraphs in (bool[])[false, true])
            {
                using var device = IlgpuDevice.Open(new() { UseGraphs = usesGraphs });
                var row = Measure(device, create);
                table.AddRow([name, usesGraphs ? "graph" : "plain", .. listsNames ? row : row[..^1]]);
            }
        }
        AnsiConsole.Profile.Width = Math.Max(AnsiConsole.Profile.Width, 200);
        AnsiConsole.WriteLine(IlgpuDevice.CudaDescription);
        AnsiConsole.Write(table);
    }

    /// <summary>Tensors are short: only the host is measured.</summary>
    private static IEnumerable<(string Name, Func<Device, Optimizer> Create)> Kinds =>
    [
        ("AdamW, 1 tensor", device => new AdamW(Tensors(device, 1))),
        ("AdamW, 1000 tensors", device => new AdamW(Tensors(device, 1000))),
        ("AdamW, 10,000 tensors", device => new AdamW(Tensors(device, 10_000))),
        ("AdamW, 1000 tensors, clipped, averaged", device =>
        {
            var parameters = Tensors(device, 1000);
            return new AdamW(parameters) { GradientClipping = GradientClipping.ByNorm(1), WeightAverage = WeightAverage.Exponential(parameters) };
        }),
        ("AdamW, 1000 tensors, clipped, scaled", device => new AdamW(Tensors(device, 1000)) { GradientClipping = GradientClipping.ByNorm(1), GradientScaler = new(device) }),
        ("Muon, 100 matrices of 16 shapes", device => new Optimizers.Muon(Matrices(device, 100))),
        ("Muon, 100 matrices, AdamW, 100 tensors", device => new ModelOptimizer(
            [.. Matrices(device, 100), .. Tensors(device, 100)],
            Assignment.Where("matrices", parameter => parameter.Shape.Count == 2, new MuonOptions()),
            Assignment.Rest(new AdamWOptions()))),
    ];

    private static Parameter[] Tensors(Device device, int count) => WithGradients(Enumerable.Range(0, count).Select(i => device.CreateParameter<float>($"t{i}", [7], new float[7])));

    private static Parameter[] Matrices(Device device, int count) => WithGradients(Enumerable.Range(0, count).Select(i =>
        device.CreateParameter<float>($"m{i}", [8 * (1 + i % 4), 8 * (1 + i / 4 % 4)], [.. Enumerable.Range(0, 64 * (1 + i % 4) * (1 + i / 4 % 4)).Select(j => MathF.Sin(j))])));

    private static Parameter[] WithGradients(IEnumerable<Parameter<float>> parameters)
    {
        Parameter<float>[] all = [.. parameters];
        foreach (var parameter in all)
            parameter.Gradient.CopyFrom(parameter.Data.ToArray());
        return all;
    }

    /// <summary>Every step for itself; the median of times, since of so short ones others would say little.</summary>
    private static string[] Measure(IlgpuDevice device, Func<Device, Optimizer> create)
    {
        using var optimizer = create(device);
        for (var step = 0; step < Warmup; step++)
            Step(step);
        device.Synchronize();
        var times = new double[Steps];
        long launches = 0, bytes = 0, waits = 0, allocated = 0;
        var calls = new long[DriverCounts.AreThere ? DriverCounts.Read().Count : 0];
        for (var step = 0; step < Steps; step++)
        {
            var (counters, before) = (device.Counters, DriverCounts.AreThere ? DriverCounts.Read() : []);
            var (memory, start) = (GC.GetAllocatedBytesForCurrentThread(), Stopwatch.GetTimestamp());
            optimizer.Step();
            times[step] = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
            allocated += GC.GetAllocatedBytesForCurrentThread() - memory;
            var asked = device.Counters - counters;
            (launches, bytes, waits) = (launches + asked.Launches, bytes + asked.BytesToDevice, waits + asked.HostWaits);
            var after = DriverCounts.AreThere ? DriverCounts.Read() : [];
            for (var i = 0; i < calls.Length; i++)
                calls[i] += after[i].Count - before[i].Count;
            Wait(step);
        }
        optimizer.WeightAverage?.Dispose();
        optimizer.GradientScaler?.Dispose();
        Array.Sort(times);
        var names = DriverCounts.AreThere ? DriverCounts.Read() : [];
        return
        [
            PerStep(launches),
            PerStep(bytes),
            PerStep(waits),
            PerStep(allocated),
            $"{times[Steps / 2]:0.#}",
            calls.Length == 0 ? "not counted" : PerStep(calls[^1]),
            string.Join(", ", calls.SkipLast(1).Select((count, i) => (names[i].Name, Count: count)).Where(call => call.Count > 0).Select(call => $"{call.Name} {PerStep(call.Count)}")),
        ];

        void Step(int step)
        {
            optimizer.Step();
            Wait(step);
        }

        // As far ahead of the device as a host may be, and no further: how many graphs there are must not matter.
        void Wait(int step)
        {
            if (step % 4 == 3)
                device.Synchronize();
        }
    }

    private static string PerStep(long count) => $"{(double)count / Steps:0.##}";
}
