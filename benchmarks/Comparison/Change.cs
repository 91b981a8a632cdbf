using GpuOptim.Benchmarks.Results;

namespace GpuOptim.Benchmarks.Comparison;

/// <summary>A figure in two reports.</summary>
/// <param name="Key">What it is of.</param>
/// <param name="Before">What it was.</param>
/// <param name="After">What it is.</param>
/// <param name="Ratio">How many times as long it takes, as a multiple of its yardstick or of the register-only loop.</param>
/// <param name="Interval">Where that is, with 95 % confidence.</param>
/// <param name="Agree">Whether each report's interval holds some of the other's.</param>
internal sealed record Change(FigureKey Key, Figure Before, Figure After, double Ratio, Interval Interval, bool Agree)
{
    /// <summary>Less than this does not matter, however sure it is.</summary>
    public const double Margin = 0.02;

    /// <summary>What moves no more than this lies in caches.</summary>
    private const double CachedBytes = 16 << 20;

    public Verdict Verdict => Interval.Low > 1 + Margin ? Verdict.Slower : Interval.High < 1 - Margin ? Verdict.Faster : Verdict.Same;

    public static Change Of(FigureKey key, (Race Race, Figure Figure) before, (Race Race, Figure Figure) after)
    {
        // What fits the caches follows the clock. What does not waits for memory, whose speed comes and goes with who else uses it.
        var yardstick = before.Figure.Work.Bytes > CachedBytes ? before.Figure.BindingFloor?.Name : null;
        if (Yardstick(before.Race, yardstick) is null || Yardstick(after.Race, yardstick) is null)
            yardstick = null;
        var (old, now) = (Score(before.Race, before.Figure, yardstick), Score(after.Race, after.Figure, yardstick));
        return new(key, before.Figure, after.Figure, Statistics.Median(now) / Statistics.Median(old), Statistics.RatioInterval(now, old), Statistics.Interval(now).Overlaps(Statistics.Interval(old)));
    }

    /// <summary>
    /// What each round took as a multiple of what a yardstick took in that round, or the register-only loop: what slows the whole machine for a while slows both.
    /// </summary>
    private static double[][] Score(Race race, Figure figure, string? yardstick) =>
        Statistics.Zip(figure.Seconds, Yardstick(race, yardstick)?.Seconds ?? race.Clock, (own, others) => own / others);

    private static Figure? Yardstick(Race race, string? name) => race.Figures.FirstOrDefault(other => other.By == Figure.Yardstick && other.Subject == name);
}
