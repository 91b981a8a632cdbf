using System.Globalization;

namespace GpuOptim.Benchmarks.Results;

/// <summary>What follows from a figure; null where nothing does.</summary>
internal static class Measures
{
    public static double? NanosecondsPerParameter(Figure figure) => figure.Work.Elements > 0 ? Positive(figure.Median * 1e9 / figure.Work.Elements) : null;

    public static double? GigabytesPerSecond(Figure figure) => Positive(figure.Work.Bytes / figure.Median / 1e9);

    public static double? GigaflopsPerSecond(Figure figure) => Positive(figure.Work.Flops / figure.Median / 1e9);

    /// <summary>Of the algorithm as it is written.</summary>
    public static double? DenseGigaflopsPerSecond(Figure figure) => Positive(figure.Work.DenseFlops / figure.Median / 1e9);

    public static bool IsOurs(Figure figure) => figure.By == Figure.Ours;

    public static bool IsYardstick(Figure figure) => figure.By == Figure.Yardstick;

    /// <summary>How many times as fast one was as another: the median over the rounds that both ran in, or the ratio of medians if these do not tell.</summary>
    public static double? Times(Figure figure, Figure other)
    {
        double[] ratios = [.. other.Seconds.SelectMany(pass => pass).Zip(figure.Seconds.SelectMany(pass => pass), (theirs, own) => theirs / own)];
        return Positive(ratios.Length > 0 ? Statistics.Median(ratios) : other.Median / figure.Median);
    }

    /// <summary>A whole number of a race's setting.</summary>
    public static long? Number(Race race, string key) =>
        race.Setting.TryGetValue(key, out var text) && long.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>Parameters that a race updates: <c>count</c> times <c>length</c>, or what its figures say; 0 if none.</summary>
    public static long Parameters(Race race) =>
        (Number(race, "count") * Number(race, "length")) ?? race.Figures.Where(figure => !IsYardstick(figure)).Select(figure => figure.Work.Elements).DefaultIfEmpty().Max();

    /// <summary>Something that follows from a figure's time: its value, and its interval from the lower end to the higher.</summary>
    /// <param name="figure">The figure.</param>
    /// <param name="measure">What follows from so many seconds.</param>
    public static (double Value, Interval Interval) Of(Figure figure, Func<Figure, double, double> measure)
    {
        var (one, other) = (measure(figure, figure.Interval.Low), measure(figure, figure.Interval.High));
        return (measure(figure, figure.Median), new(Math.Min(one, other), Math.Max(one, other)));
    }

    public static double? Positive(double value) => double.IsFinite(value) && value > 0 ? value : null;
}
