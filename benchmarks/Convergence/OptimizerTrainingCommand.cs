using System.CommandLine;
using GpuOptim.Benchmarks.Distributed.Model;
using GpuOptim.Benchmarks.Precision;
using GpuOptim.Benchmarks.Verbs;
using Spectre.Console;

namespace GpuOptim.Benchmarks.Convergence;

/// <summary>Trains small networks with AdamW, Muon and NorMuon, and says which loss each has after how many steps and how long.</summary>
internal static class OptimizerTrainingCommand
{
    public static Command Create()
    {
        var quick = new Option<bool>("--quick") { Description = "Seconds, on little data: too short to tell optimizers apart" };
        var threads = CommonOptions.Positive("--threads", "How many runs go on side by side, each on a thread of its own", Environment.ProcessorCount);
        var svg = new Option<FileInfo?>("--svg") { Description = "Draw it into this file" };
        var command = new Command("optimizer-training", "Which optimizer trains hidden matrices in the fewest steps, and which in the least time?") { quick, threads, svg };
        command.SetAction(result =>
        {
            var isQuick = result.GetValue(quick);
            int[] seeds = isQuick ? [1] : [1, 2, 3];
            var results = Run(isQuick ? Quick() : Full(), seeds, result.GetValue(threads));
            foreach (var each in results)
            {
                Console.WriteLine(each.Task.Description);
                foreach (var line in each.Lines())
                    Console.WriteLine(line);
            }
            if (result.GetValue(svg) is { } file)
                File.WriteAllText(file.FullName, Picture.Of(ConvergenceChart.Of(results, seeds.Length)));
        });
        return command;
    }

    /// <summary>Seconds: only to see that all of it runs.</summary>
    public static LearningTask[] Quick() =>
    [
        LearningTask.OfDigits(TrainingPlan.Quick),
        LearningTask.OfText(Corpus.OfDocumentation(LanguageModel.Context, length: 10_000), hidden: 16, batch: 256, epochs: 1),
    ];

    /// <summary>Some ten million multiply-adds a step; minutes in all.</summary>
    private static LearningTask[] Full() =>
    [
        LearningTask.OfDigits(TrainingPlan.Full with { Epochs = 4 }),
        LearningTask.OfText(Corpus.OfDocumentation(LanguageModel.Context), hidden: 64, batch: 128, epochs: 1),
    ];

    private static TaskResult[] Run(LearningTask[] tasks, int[] seeds, int threads) => AnsiConsole.Progress().AutoClear(true).Start(progress =>
    {
        var bar = progress.AddTask("training", maxValue: tasks.Length * ConvergenceStudy.Runs(seeds));
        return tasks.Select(task => ConvergenceStudy.Run(task, seeds, threads, () => bar.Increment(1))).ToArray();
    });
}
