using System.Collections.Concurrent;

namespace GpuOptim.Benchmarks.Convergence;

/// <summary>Who trains small networks in the fewest steps, and who in the least time.</summary>
internal static class ConvergenceStudy
{
    /// <summary>How many runs there are of a task.</summary>
    public static int Runs(IReadOnlyList<int> seeds) => seeds.Count * Contender.All.Sum(contender => contender.Rates.Count);

    /// <summary>Trains a network with every contender, at each of its rates, from every seed.</summary>
    /// <param name="task">What is learnt.</param>
    /// <param name="seeds">Of initial weights and the order of samples: the same for all.</param>
    /// <param name="threads">How many runs go on side by side.</param>
    /// <param name="ended">Called after each run.</param>
    public static TaskResult Run(LearningTask task, IReadOnlyList<int> seeds, int threads, Action? ended = null)
    {
        TrainingRun[][][] runs = [.. Contender.All.Select(contender => contender.Rates.Select(_ => new TrainingRun[seeds.Count]).ToArray())];
        // Contenders take turns, so that what else the machine does slows them alike.
        var trials =
            from seed in Enumerable.Range(0, seeds.Count)
            from rate in Enumerable.Range(0, runs.Max(rates => rates.Length))
            from contender in Enumerable.Range(0, runs.Length)
            where rate < runs[contender].Length
            select (contender, rate, seed);
        Parallel.ForEach(Partitioner.Create(trials, EnumerablePartitionerOptions.NoBuffering), new ParallelOptions { MaxDegreeOfParallelism = threads }, trial =>
        {
            var (contender, rate, seed) = trial;
            runs[contender][rate][seed] = TrainingRun.Of(task, Contender.All[contender], Contender.All[contender].Rates[rate], seeds[seed]);
            ended?.Invoke();
        });
        return new(task, [.. Contender.All.Zip(runs, (contender, trained) => new Standing(contender, trained))]);
    }
}
