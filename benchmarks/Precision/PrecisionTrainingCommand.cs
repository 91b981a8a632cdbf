using System.CommandLine;
using GpuOptim.Benchmarks.Distributed.Model;
using GpuOptim.Benchmarks.Verbs;
using Spectre.Console;

namespace GpuOptim.Benchmarks.Precision;

/// <summary>Trains one network in every precision, and compares what comes of it with what differs from seed to seed.</summary>
internal static class PrecisionTrainingCommand
{
    public static Command Create()
    {
        var quick = new Option<bool>("--quick") { Description = "Seconds, on few digits: too short to tell modes apart" };
        var muon = new Option<bool>("--muon") { Description = "Muon trains the hidden matrix, and AdamW the rest" };
        var epochs = CommonOptions.Positive("--epochs", "How often every digit is seen", TrainingPlan.Full.Epochs);
        var threads = CommonOptions.Positive("--threads", "How many runs go on side by side, each on a thread of its own", Environment.ProcessorCount);
        var beta2 = new Option<double>("--beta2") { Description = "How much of AdamW's average of squares stays in a step", DefaultValueFactory = _ => TrainingPlan.Full.Beta2 };
        var svg = new Option<FileInfo?>("--svg") { Description = "Draw it into this file" };
        var command = new Command("precision-training", "Does training in fewer bits end where training in float32 does?") { quick, muon, epochs, beta2, threads, svg };
        command.SetAction(result =>
        {
            var plan = result.GetValue(quick) ? TrainingPlan.Quick : TrainingPlan.Full with { Epochs = result.GetValue(epochs) };
            var study = Run(plan with { IsMuon = result.GetValue(muon), Beta2 = result.GetValue(beta2) }, result.GetValue(threads));
            Console.WriteLine(study.Description);
            foreach (var line in study.Lines())
                Console.WriteLine(line);
            if (result.GetValue(svg) is { } file)
                File.WriteAllText(file.FullName, Picture.Of(PrecisionChart.Of(study)));
        });
        return command;
    }

    private static PrecisionStudy Run(TrainingPlan plan, int threads) => AnsiConsole.Progress().AutoClear(true).Start(progress =>
    {
        var bar = progress.AddTask("training", maxValue: TrainingMode.All.Count * plan.Seeds.Count);
        return PrecisionStudy.Run(plan, threads, () => bar.Increment(1));
    });
}
