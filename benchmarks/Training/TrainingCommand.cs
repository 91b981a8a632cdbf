using System.CommandLine;
using GpuOptim.Host;
using GpuOptim.Optimizers;
using Spectre.Console;

namespace GpuOptim.Benchmarks.Training;

/// <summary>Times steps with what a training loop adds to them, beside plain ones.</summary>
internal static class TrainingCommand
{
    public static Command Create()
    {
        var parameters = new Option<int>("--parameters") { Description = "How many float parameters AdamW trains", DefaultValueFactory = _ => 64_000_000 };
        var rounds = new Option<int>("--rounds") { Description = "Rounds; every round runs each once", DefaultValueFactory = _ => 9 };
        var command = new Command("training", "Steps of AdamW on the CPU with clipping, loss scaling, averages, beside plain ones in the same rounds") { parameters, rounds };
        command.SetAction(result => Run(result.GetValue(parameters), result.GetValue(rounds)));
        return command;
    }

    private static void Run(int count, int rounds)
    {
        using var device = new SimdDevice();
        using var parameter = device.CreateParameter("p", [count]);
        var random = new Random(1);
        foreach (ref var slope in parameter.Gradient.Span)
            slope = random.NextSingle() - 0.5f;
        using var optimizer = new AdamW([parameter]);
        using var scaler = new GradientScaler(device, new() { InitialScale = 2, GrowthInterval = int.MaxValue });
        using var average = WeightAverage.Exponential([parameter]);
        void Step(GradientClipping? clipping = null, GradientScaler? scaler = null, WeightAverage? average = null)
        {
            (optimizer.GradientClipping, optimizer.GradientScaler, optimizer.WeightAverage) = (clipping, scaler, average);
            optimizer.Step();
        }
        // The bytes of memory traffic that each cannot do without, for a parameter.
        (string Name, int Bytes, Action Run)[] steps =
        [
            ("plain", 28, () => Step()),
            ("clipped by value", 28, () => Step(GradientClipping.ByValue(0.1))),
            ("clipped by norm", 32, () => Step(GradientClipping.ByNorm(1))),
            ("scaled", 32, () => Step(scaler: scaler)),
            ("scaled, clipped by norm", 32, () => Step(GradientClipping.ByNorm(1), scaler)),
            ("averaged within", 36, () => Step(average: average)),
            ("averaged after", 40, () =>
            {
                Step();
                average.Update();
            }),
        ];
        foreach (var (_, _, run) in steps)
            run();
        var measured = Measurement.Interleave([.. steps.Select(step => new Workload(step.Name, step.Run))], rounds, secondsEach: 0);
        var table = new Table().Border(TableBorder.Rounded).Title($"[bold]AdamW, {count / 1e6:0.#}M float32[/]").AddColumn("");
        foreach (var column in new[] { "ms", "of plain", "bytes, of plain", "±" })
            table.AddColumn(new TableColumn(column).RightAligned());
        for (var i = 0; i < steps.Length; i++)
            table.AddRow(steps[i].Name, $"{measured[i].Median * 1e3:F1}", $"{1 / measured[i].TimesFasterThan(measured[0]):P0}", $"{(double)steps[i].Bytes / steps[0].Bytes:P0}", $"{measured[i].Spread:P0}");
        AnsiConsole.Write(table);
    }
}
