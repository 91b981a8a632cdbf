namespace GpuOptim.Benchmarks;

/// <summary>The seconds that a workload took in each round.</summary>
internal sealed record Measurement(string Name, double[] Seconds)
{
    public double Median => Quantile(Seconds, 0.5);

    /// <summary>Half the distance between the quartiles, as a share of the median.</summary>
    public double Spread => (Quantile(Seconds, 0.75) - Quantile(Seconds, 0.25)) / 2 / Median;

    /// <summary>
    /// Times workloads in rounds. Every round runs each once, in an order of its own, so that what disturbs the machine for a while
    /// disturbs all of them; ratios taken within a round are what to compare.
    /// </summary>
    public static IReadOnlyList<Measurement> Interleave(IReadOnlyList<IWorkload> workloads, int rounds, double secondsEach)
    {
        var random = new Random(1);
        // The first runs are not counted: they compile, touch memory, and tell how often to repeat.
        var repetitions = workloads.Select(workload => Repetitions(workload, secondsEach)).ToArray();
        var seconds = workloads.Select(_ => new double[rounds]).ToArray();
        var order = Enumerable.Range(0, workloads.Count).ToArray();
        for (var round = 0; round < rounds; round++)
        {
            random.Shuffle(order);
            foreach (var i in order)
            {
                // Threads of the one before may still spin; then a first run warms the caches.
                Thread.Sleep(10);
                workloads[i].Run(1);
                seconds[i][round] = workloads[i].Run(repetitions[i]);
            }
        }
        return [.. workloads.Select((workload, i) => new Measurement(workload.Name, seconds[i]))];
    }

    /// <summary>The median over the rounds of how many times faster this was than another.</summary>
    public double TimesFasterThan(Measurement other) => Quantile([.. Seconds.Zip(other.Seconds, (own, others) => others / own)], 0.5);

    /// <summary>How often to repeat to fill at least half of some seconds. It doubles: a single run may be too short for the clock.</summary>
    private static int Repetitions(IWorkload workload, double seconds)
    {
        workload.Run(1);
        var repetitions = 1;
        while (2 * repetitions * workload.Run(repetitions) < seconds)
            repetitions *= 2;
        return repetitions;
    }

    private static double Quantile(double[] values, double share)
    {
        var sorted = values.Order().ToArray();
        var place = share * (sorted.Length - 1);
        var below = (int)place;
        return below + 1 < sorted.Length ? sorted[below] + (place - below) * (sorted[below + 1] - sorted[below]) : sorted[below];
    }
}
