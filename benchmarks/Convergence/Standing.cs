namespace GpuOptim.Benchmarks.Convergence;

/// <summary>How a contender did.</summary>
/// <param name="Contender">Who.</param>
/// <param name="Trials">For each of its learning rates a run for each seed.</param>
internal sealed record Standing(Contender Contender, IReadOnlyList<IReadOnlyList<TrainingRun>> Trials)
{
    /// <summary>Mean final loss of the seeds at each rate.</summary>
    public IReadOnlyList<double> Losses { get; } = [.. Trials.Select(runs => runs.Average(run => run.FinalLoss))];

    /// <summary>The rate of the lowest of these.</summary>
    public double Rate => Contender.Rates[Best];

    /// <summary>The runs at that rate, and so all that follows.</summary>
    public IReadOnlyList<TrainingRun> Runs => Trials[Best];

    public double FinalLoss => Losses[Best];

    public double Spread => Runs.Max(run => run.FinalLoss) - Runs.Min(run => run.FinalLoss);

    public double Accuracy => Runs.Average(run => run.Accuracy);

    /// <summary>Mean loss of all seeds in the tenth of the steps that ends with each; the first one ends after that tenth.</summary>
    public IReadOnlyList<double> Course => field ??= [.. Enumerable.Range(0, Runs[0].Losses.Length - Window + 1).Select(first => Runs.Average(run => run.Losses.Skip(first).Take(Window).Average()))];

    /// <summary>How many steps a mean loss is of.</summary>
    public int Window => Runs[0].Window;

    /// <summary>Seconds of an update.</summary>
    public double OptimizerSeconds => field > 0 ? field : field = Median(Trials.SelectMany(runs => runs).SelectMany(run => run.OptimizerSeconds));

    private int Best => Losses.Index().MinBy(loss => loss.Item).Index;

    /// <summary>After how many steps <see cref="Course"/> is at a loss or below; null if it never is.</summary>
    public int? StepsTo(double loss) => Course.Index().Where(mean => mean.Item <= loss).Select(mean => (int?)mean.Index + Window).FirstOrDefault();

    /// <summary>The middle one of many times of the same work.</summary>
    public static double Median(IEnumerable<double> seconds)
    {
        double[] ordered = [.. seconds.Order()];
        return ordered[ordered.Length / 2];
    }
}
