using System.CommandLine;
using System.Globalization;
using GpuOptim.Samples.Mnist;
using Spectre.Console;

var optimizers = new Option<string[]>("--optimizer")
{
    Description = "Optimizers to train with, one after the other; by default those that are most used",
    DefaultValueFactory = _ => [.. Recipe.All.Where(recipe => recipe.IsUsual).Select(recipe => recipe.Name)],
    AllowMultipleArgumentsPerToken = true,
};
optimizers.AcceptOnlyFromAmong([.. Recipe.All.Select(recipe => recipe.Name)]);
var epochs = AtLeastOne("--epochs", "How often every digit is seen", 10);
var batch = AtLeastOne("--batch", "Digits a step", 64);
var hidden = AtLeastOne("--hidden", "Width of the hidden layer", 256);
var seed = new Option<int>("--seed") { Description = "Seed of initial weights and order", DefaultValueFactory = _ => 1 };
var chart = new Option<FileInfo>("--chart") { Description = "Where to draw the loss curves", DefaultValueFactory = _ => new("mnist.svg") };
var checkpoints = new Option<DirectoryInfo?>("--checkpoints") { Description = "Where to write each run after every epoch; a run that is there already goes on" };

var command = new RootCommand("Trains a small network on handwritten digits and compares the optimizers.") { optimizers, epochs, batch, hidden, seed, chart, checkpoints };
command.SetAction(result => Train(
    [.. result.GetRequiredValue(optimizers).Distinct().Select(name => Recipe.All.Single(recipe => recipe.Name == name))],
    new(result.GetValue(epochs), result.GetValue(batch), result.GetValue(hidden), result.GetValue(seed)),
    result.GetRequiredValue(chart),
    result.GetValue(checkpoints)));
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

static void Train(IReadOnlyList<Recipe> recipes, Settings settings, FileInfo chart, DirectoryInfo? checkpoints)
{
    var folder = Path.Combine(AppContext.BaseDirectory, "data");
    Digits training = Digits.Load(folder, "train"), test = Digits.Load(folder, "test");
    var description = $"{training.Count:N0} digits, network {Digits.Pixels}-{settings.Hidden}-{Digits.Classes}, batches of {settings.Batch}, seed {settings.Seed}";
    AnsiConsole.MarkupLineInterpolated($"[bold]{description}[/]; {test.Count:N0} digits to test");

    checkpoints?.Create();
    var runs = recipes.Select(recipe => new Run(recipe, settings)).ToArray();
    AnsiConsole.Progress()
        .AutoClear(false)
        .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn())
        .Start(progress =>
        {
            var bars = runs.Select(run => progress.AddTask(run.Recipe.Name, autoStart: false, maxValue: settings.Epochs)).ToArray();
            foreach (var (run, bar) in runs.Zip(bars))
            {
                bar.StartTask();
                run.Train(training, test, checkpoints is null ? null : new(Path.Combine(checkpoints.FullName, run.Recipe.Name + ".safetensors")), accuracy =>
                {
                    bar.Value = run.Accuracies.Count;
                    bar.Description = $"{run.Recipe.Name,-10} epoch {run.Accuracies.Count,2}: test accuracy {accuracy:P1}";
                });
                bar.Value = settings.Epochs;
                bar.StopTask();
            }
        });

    var parameters = (Digits.Pixels + 1) * settings.Hidden + (settings.Hidden + 1) * Digits.Classes;
    var table = new Table().Border(TableBorder.Rounded)
        .AddColumn("optimizer")
        .AddColumn(new TableColumn("train loss").RightAligned())
        .AddColumn(new TableColumn("test").RightAligned())
        .AddColumn(new TableColumn("best").RightAligned())
        .AddColumn(new TableColumn("time").RightAligned())
        .AddColumn(new TableColumn("in steps").RightAligned())
        .AddColumn(new TableColumn("ns/parameter").RightAligned());
    foreach (var run in runs)
    {
        var lastEpoch = run.Losses.TakeLast(run.Losses.Count / run.Accuracies.Count).Average();
        table.AddRow(
            run.Recipe.Name,
            $"{lastEpoch:F4}",
            $"{run.Accuracies[^1]:P1}",
            $"{run.Accuracies.Max():P1}",
            $"{run.Time.TotalSeconds:F1} s",
            $"{run.StepTime / run.Time:P0}",
            run.Steps == 0 ? "" : $"{run.StepTime.TotalNanoseconds / run.Steps / parameters:F2}");
    }
    AnsiConsole.Write(table);
    AnsiConsole.MarkupLine("[grey]train loss: nats, mean of the last epoch; in steps: the optimizer's share[/]");
    AnsiConsole.MarkupLineInterpolated($"[grey]digests of the weights: {string.Join(", ", runs.Select(run => $"{run.Recipe.Name} {run.Weights}"))}[/]");

    var seen = runs.Max(run => run.Accuracies.Count);
    Curve[] curves = [.. runs.Select(run => new Curve(run.Recipe.Name, run.Losses, run.Accuracies[^1]))];
    File.WriteAllText(chart.FullName, new LossChart(curves, seen, "epochs", points: seen * 5, description).ToString());
    AnsiConsole.MarkupLineInterpolated($"Loss curves: [link]{chart.FullName}[/]");
}
