namespace GpuOptim.Benchmarks.Results;

/// <summary>Medians, and how far they are to be trusted. Samples come in passes of rounds.</summary>
internal static class Statistics
{
    private const int Resamples = 1000;
    private const double Tail = 0.025;

    /// <summary>Two-sided 95 % points of Student's t, for 1, 2, ... degrees of freedom.</summary>
    private static readonly double[] _student = [12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26];

    private const double Normal = 1.96;

    public static double Median(IEnumerable<double[]> passes) => Median([.. passes.SelectMany(pass => pass)]);

    public static double Median(double[] values) => Quantile(values, 0.5);

    /// <summary>A quantile, interpolated.</summary>
    public static double Quantile(double[] values, double share)
    {
        var sorted = values.Order().ToArray();
        var place = share * (sorted.Length - 1);
        var below = (int)place;
        return below + 1 < sorted.Length ? sorted[below] + (place - below) * (sorted[below + 1] - sorted[below]) : sorted[below];
    }

    /// <summary>The same of each round: a ratio of two that ran in it, for instance.</summary>
    public static double[][] Zip(double[][] one, double[][] other, Func<double, double, double> of) =>
        [.. one.Zip(other, (a, b) => a.Zip(b, of).ToArray())];

    /// <summary>
    /// Where the median of such samples is, with 95 % confidence. Bootstrapped in two levels, passes and then their rounds, since rounds of a pass are more alike than rounds of two.
    /// Resampling a handful of passes shows less than their true spread; the interval is widened by what Student's t says of so few.
    /// </summary>
    public static Interval Interval(double[][] passes) => Widen(passes.Length, Median(passes), Resample(passes));

    /// <summary>Where the ratio of two medians is, with 95 % confidence, of samples that have nothing to do with each other.</summary>
    public static Interval RatioInterval(double[][] numerator, double[][] denominator)
    {
        var ratios = Resample(numerator, seed: 1).Zip(Resample(denominator, seed: 2), (a, b) => a / b).ToArray();
        return Widen(Math.Min(numerator.Length, denominator.Length), Median(numerator) / Median(denominator), ratios);
    }

    private static double[] Resample(double[][] passes, int seed = 1)
    {
        var random = new Random(seed);
        var medians = new double[Resamples];
        var sample = new List<double>();
        for (var i = 0; i < medians.Length; i++)
        {
            sample.Clear();
            for (var p = 0; p < passes.Length; p++)
            {
                var pass = passes[random.Next(passes.Length)];
                for (var r = 0; r < pass.Length; r++)
                    sample.Add(pass[random.Next(pass.Length)]);
            }
            medians[i] = Median([.. sample]);
        }
        return medians;
    }

    private static Interval Widen(int passes, double median, double[] resampled)
    {
        var factor = passes > 1
            ? (passes - 2 < _student.Length ? _student[passes - 2] : Normal) / Normal * Math.Sqrt(passes / (passes - 1.0))
            : 1;
        // By ratios: what takes twice as long once is as far off as what takes half.
        return new(
            median * Math.Pow(Math.Min(1, Quantile(resampled, Tail) / median), factor),
            median * Math.Pow(Math.Max(1, Quantile(resampled, 1 - Tail) / median), factor));
    }
}
