using System.CommandLine;
using System.Globalization;
using GpuOptim.Benchmarks.TorchSharp;
using GpuOptim.Samples.Mnist;
using GpuOptim.Samples.OnTorchSharp;
using Spectre.Console;
using TorchSharp;

var steps = AtLeastOne("--steps", "Steps of each optimizer", 600);
// One: libtorch's threads wait for each other by spinning. Where other programs want the cores, too, a step of two takes many times as long.
var threads = AtLeastOne("--threads", "Threads of libtorch, and of the optimizers", 1);
var chart = new Option<FileInfo>("--chart") { Description = "Where to draw the loss curves", DefaultValueFactory = _ => new("torchsharp.svg") };
var command = new RootCommand("Trains a small transformer on handwritten digits, with TorchSharp's AdamW and with this library's optimizers.") { steps, threads, chart };
command.SetAction(result => Compare(result.GetValue(steps), result.GetValue(threads), result.GetRequiredValue(chart)));
return command.Parse(args).Invoke();

static Option<int> AtLeastOne(string name, string description, int standard)
{
    var option = new Option<int>(name) { Description = description, DefaultValueFactory = _ => standard };
    option.Validators.Add(result =>
    {
        if (result.Tokens.Count > 0 && int.TryParse(result.Tokens[0].Value, CultureInfo.InvariantCulture, out var value) && value < 1)
            result.AddError($"{name} must be at least 1. Actual value was {value}.");
    });
    return option;
}

static void Compare(int steps, int threads, FileInfo chart)
{
    if (NativeLibtorch.Failure is { } failure)
    {
        AnsiConsole.MarkupLineInterpolated($"libtorch does not load here, so there is nothing to compare: {failure}");
        return;
    }
    torch.set_num_threads(threads);
    var folder = Path.Combine(AppContext.BaseDirectory, "data");
    using var training = new Examples(Digits.Load(folder, "train"));
    using var test = new Examples(Digits.Load(folder, "test"));
    var description = $"{training.Count:N0} digits, a transformer of two blocks, batches of {Run.BatchSize}";
    AnsiConsole.MarkupLineInterpolated($"[bold]{description}[/]; {test.Count:N0} digits to test");

    Run[] runs = [.. Recipe.All.Select(recipe => new Run(recipe))];
    AnsiConsole.Progress()
        .AutoClear(false)
        .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn())
        .Start(progress =>
        {
            var bars = runs.Select(run => progress.AddTask(run.Name, autoStart: false, maxValue: steps)).ToArray();
            foreach (var (run, bar) in runs.Zip(bars))
            {
                bar.StartTask();
                run.Train(training, test, steps, step => bar.Value = step);
                bar.StopTask();
            }
        });

    foreach (var run in runs.Where(run => run.Explanation is not null))
        AnsiConsole.MarkupLineInterpolated($"[bold]{run.Name}[/]\n[grey]{run.Explanation}[/]");

    var table = new Table().Border(TableBorder.Rounded)
        .AddColumn("optimizer")
        .AddColumn(new TableColumn("train loss").RightAligned())
        .AddColumn(new TableColumn("test").RightAligned())
        .AddColumn(new TableColumn("optimizer's step").RightAligned())
        .AddColumn(new TableColumn("whole step").RightAligned());
    foreach (var run in runs)
        table.AddRow(run.Name, $"{run.Losses.TakeLast(50).Average():F4}", $"{run.Accuracy:P1}", $"{run.OptimizerTime:F2} ms", $"{run.StepTime:F1} ms");
    AnsiConsole.Write(table);
    AnsiConsole.MarkupLineInterpolated($"[grey]train loss: nats, mean of the last 50 steps; times: medians, threads: {threads}[/]");

    // Not equal to the last bit: where PyTorch, and this library, interpolate, TorchSharp's AdamW multiplies and adds.
    var difference = runs[0].Losses.Zip(runs[1].Losses, (theirs, ours) => Math.Abs(theirs - ours)).Max();
    AnsiConsole.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"The losses of the two AdamW differ by {difference:G2} nats at most, in {steps:N0} steps.");

    Curve[] curves = [.. runs.Select((run, i) => new Curve(run.Name, run.Losses, run.Accuracy) { IsBand = i == 0 })];
    File.WriteAllText(chart.FullName, new LossChart(curves, steps, "steps", points: 40, description).ToString());
    AnsiConsole.MarkupLineInterpolated($"Loss curves: [link]{chart.FullName}[/]");
}
