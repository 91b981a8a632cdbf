using GpuOptim.Benchmarks.NewtonSchulz;
using GpuOptim.Benchmarks.Throughput;
using GpuOptim.Host;
using GpuOptim.Kernels;
using GpuOptim.Kernels.Rules;
using Spectre.Console;
using Layout = GpuOptim.Benchmarks.Throughput.Layout;

namespace GpuOptim.Benchmarks.Ilgpu;

/// <summary>Races on an accelerator, each against the floor: bytes over the bandwidth of a copy, or operations over the peak of its tensor cores.</summary>
internal static class AcceleratorRace
{
    private const double SecondsEach = 0.02;

    /// <summary>Optimizers that update given tensors.</summary>
    public static object Throughput(AcceleratorBench accelerator, Layout layout, NumberType type, IReadOnlyList<Contestant> contestants, int rounds) => type.Element switch
    {
        ElementType.Float32 => Throughput<float>(accelerator, layout, type, contestants, rounds),
        ElementType.BFloat16 => Throughput<BFloat16>(accelerator, layout, type, contestants, rounds),
        _ => Throughput<Half>(accelerator, layout, type, contestants, rounds),
    };

    /// <summary>Five quintic steps on one matrix, with what takes it there and back.</summary>
    public static object NewtonSchulz(AcceleratorBench accelerator, Shape shape, NewtonSchulzOptions options, int rounds)
    {
        var device = accelerator.Device;
        var length = (long)shape.Rows * shape.Columns;
        using var source = device.CreateBuffer<float>(Numbers(new Random(1), length));
        using var result = device.CreateBuffer<float>(length);
        using var batch = device.CreateMatrixUpdateBatch(ElementType.Float32, ElementType.Float32, options.WorkType, shape.Rows, shape.Columns, [new(result.Address, 0, 0, 0, length)]);
        batch.Gradients[0] = source.Address;
        var plan = options.Plan;
        var steps = plan.Steps.Length;
        return Flops(
            accelerator, $"{shape}, {options.Precision}", "newton-schulz", () => device.UpdateMatrices<CopyRule, CopyRule>([default], [default], plan, [batch]),
            steps * shape.StepFlops, steps * shape.DenseStepFlops, rounds);
    }

    /// <summary>A step of Muon on all the matrices of a model.</summary>
    public static object Muon(AcceleratorBench accelerator, string name, Shape[] shapes, int rounds)
    {
        var random = new Random(1);
        var parameters = shapes.Select((shape, i) => accelerator.Device.CreateParameter<float>($"w{i}", [shape.Rows, shape.Columns], Numbers(random, shape.Rows * (long)shape.Columns))).ToArray();
        foreach (var parameter in parameters)
            parameter.Gradient.CopyFrom(Numbers(random, parameter.Length));
        using var muon = new Optimizers.Muon(parameters);
        const int Steps = 5;
        var race = Flops(
            accelerator, $"{name}: {shapes.Length} matrices", "muon", muon.Step, Steps * shapes.Sum(shape => shape.StepFlops), Steps * shapes.Sum(shape => shape.DenseStepFlops), rounds);
        foreach (var parameter in parameters)
            parameter.Data.Dispose();
        return race;
    }

    private static object Throughput<T>(AcceleratorBench accelerator, Layout layout, NumberType type, IReadOnlyList<Contestant> contestants, int rounds) where T : unmanaged
    {
        using var data = accelerator.Device.CreateBuffer<T>(layout.Elements);
        using var gradients = accelerator.Device.CreateBuffer<T>(layout.Elements);
        Parameter<T>[] parameters =
        [
            .. Enumerable.Range(0, layout.Count).Select(i => new Parameter<T>($"p{i}", [layout.Length], data.Slice(i * layout.Length, layout.Length), gradients.Slice(i * layout.Length, layout.Length))),
        ];
        var optimizers = contestants.Select(contestant => contestant.Create(parameters, type)).ToArray();
        var measured = Measurement.Interleave([.. contestants.Zip(optimizers, (contestant, optimizer) => accelerator.Timed(contestant.Name, optimizer.Step))], rounds, SecondsEach);
        double[] host = [.. optimizers.Select(optimizer => accelerator.HostSeconds(optimizer.Step))];
        foreach (var optimizer in optimizers)
            optimizer.Dispose();

        var table = Table($"{layout} {type.Name}", "ns/param", "bytes", "GB/s", "of copy", "±", "host µs");
        foreach (var ((contestant, measurement), seconds) in contestants.Zip(measured).Zip(host))
        {
            var bytes = contestant.BytesPerParameter(type);
            var bandwidth = bytes * layout.Elements / measurement.Median;
            table.AddRow(
                measurement.Name, $"{measurement.Median * 1e9 / layout.Elements:F4}", $"{bytes}", $"{bandwidth / 1e9:F1}", Share(bandwidth, accelerator.Bandwidth), $"{measurement.Spread:P0}",
                $"{seconds * 1e6:F1}");
        }
        AnsiConsole.Write(table);
        return new
        {
            Layout = layout.ToString(),
            Type = type.Name,
            accelerator.Bandwidth,
            Results = contestants.Zip(measured, host).Select(each => new { each.Second.Name, Bytes = each.First.BytesPerParameter(type), HostMicroseconds = each.Third * 1e6, each.Second.Seconds }),
        };
    }

    private static object Flops(AcceleratorBench accelerator, string title, string name, Action work, double done, double dense, int rounds)
    {
        var measurement = Measurement.Interleave([accelerator.Timed(name, work)], rounds, SecondsEach)[0];
        var host = accelerator.HostSeconds(work);
        var table = Table(title, "ms", "GFLOP/s", "of peak", "dense", "of peak", "±", "host µs");
        table.AddRow(
            name,
            $"{measurement.Median * 1e3:F3}",
            $"{done / measurement.Median / 1e9:F1}",
            Share(done / measurement.Median, accelerator.Flops),
            $"{dense / measurement.Median / 1e9:F1}",
            Share(dense / measurement.Median, accelerator.Flops),
            $"{measurement.Spread:P0}",
            $"{host * 1e6:F1}");
        AnsiConsole.Write(table);
        return new { Title = title, Done = done, Dense = dense, accelerator.Flops, HostMicroseconds = host * 1e6, measurement.Seconds };
    }

    private static Table Table(string title, params string[] columns)
    {
        var table = new Table().Border(TableBorder.Rounded).Title($"[bold]{title}[/]").AddColumn(new TableColumn("").NoWrap());
        foreach (var column in columns)
            table.AddColumn(new TableColumn(column).RightAligned().NoWrap());
        return table;
    }

    private static string Share(double figure, double? floor) => floor is { } most ? $"{figure / most:P0}" : "";

    private static float[] Numbers(Random random, long length)
    {
        var numbers = new float[length];
        for (var i = 0; i < numbers.Length; i++)
            numbers[i] = random.NextSingle() - 0.5f;
        return numbers;
    }
}
