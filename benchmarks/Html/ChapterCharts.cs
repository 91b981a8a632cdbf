using GpuOptim.Benchmarks.Html.Charts;
using GpuOptim.Benchmarks.Results;

namespace GpuOptim.Benchmarks.Html;

/// <summary>Which charts a chapter has: what its races can answer.</summary>
internal static class ChapterCharts
{
    /// <summary>From this ratio on, bars would hide the small ones.</summary>
    private const double MostForBars = 25;

    public static IEnumerable<Chart> Of(Report report, Chapter chapter, Palette palette) => chapter.Verb switch
    {
        "throughput" => RooflineCharts.Of(report, chapter)
            .Concat(PerParameter(chapter, palette))
            .Concat(ScalingCharts.OverSizes(report, chapter, palette, hasBandwidths: true))
            .Concat(ScalingCharts.OverThreads(chapter)),
        "compare" => Whole(chapter, palette).Concat(ScalingCharts.OverSizes(report, chapter, palette, hasBandwidths: false)),
        "launch" => PerParameter(chapter, palette),
        _ => Whole(chapter, palette),
    };

    /// <summary>Nanoseconds a parameter: of each number type, on all threads, the races with rivals, the largest first.</summary>
    private static IEnumerable<Chart> PerParameter(Chapter chapter, Palette palette)
    {
        const int Most = 4;
        var all = chapter.Races.Max(race => Measures.Number(race, "threads"));
        var races = chapter.Races.Where(race => Measures.Number(race, "threads") == all && race.Figures.Any(Measures.IsOurs)).ToArray();
        if (chapter.Verb == "throughput")
        {
            races = [.. races.GroupBy(race => race.Setting.GetValueOrDefault("type")).Select(type => type.MaxBy(Measures.Parameters)!)];
        }
        foreach (var race in races.Take(Most))
        {
            var groups = Groups(race, figure => figure.Work.Elements > 0, figure => Text.Subject(figure.Subject), (figure, seconds) => seconds * 1e9 / figure.Work.Elements);
            if (groups.Count > 0)
                yield return Comparison($"Time a parameter: {race.Name}", groups, "nanoseconds a parameter", "ns", palette);
        }
    }

    /// <summary>All races in one chart: dense GFLOP/s if that is known, else time.</summary>
    private static IEnumerable<Chart> Whole(Chapter chapter, Palette palette)
    {
        var figures = chapter.Races.SelectMany(race => race.Figures).ToArray();
        var isDense = figures.Any(figure => figure.Work.DenseFlops > 0);
        if (isDense)
        {
            var reached = Groups(chapter, figure => figure.Work.DenseFlops > 0, (figure, seconds) => figure.Work.DenseFlops / seconds / 1e9);
            if (reached.Count > 0)
            {
                yield return Comparison(
                    "Operations a second, of the algorithm as it is written", reached, "dense GFLOP/s", "GFLOP/s", palette, moreIsBetter: true);
            }
            yield break;
        }
        var longest = figures.Where(figure => !Measures.IsYardstick(figure)).Select(figure => figure.Median).Where(double.IsFinite).DefaultIfEmpty().Max();
        var (unit, factor) = Text.Unit(longest);
        var times = Groups(chapter, _ => true, (_, seconds) => seconds * factor);
        if (times.Count > 0)
            yield return Comparison(chapter.Races.Count == 1 ? chapter.Races[0].Name : "Time", times, Name(unit), unit, palette);
    }

    private static string Name(string unit) => unit switch
    {
        "ns" => "nanoseconds",
        "µs" => "microseconds",
        "ms" => "milliseconds",
        _ => "seconds",
    };

    private static List<BarGroup> Groups(Chapter chapter, Func<Figure, bool> shows, Func<Figure, double, double> measure) =>
    [
        .. chapter.Races.SelectMany(race =>
        {
            var subjects = race.Figures.Where(figure => !Measures.IsYardstick(figure) && shows(figure)).DistinctBy(figure => figure.Subject).Count();
            return Groups(
                race,
                shows,
                figure => chapter.Races.Count == 1 ? Text.Subject(figure.Subject) : subjects == 1 ? race.Name : $"{Text.Subject(figure.Subject)}: {race.Name}",
                measure);
        }),
    ];

    /// <summary>The figures of a race by subject, ours first, then the fastest.</summary>
    private static List<BarGroup> Groups(Race race, Func<Figure, bool> shows, Func<Figure, string> name, Func<Figure, double, double> measure) =>
    [
        .. race.Figures
            .Where(figure => shows(figure) && !Measures.IsYardstick(figure) && Measures.Positive(figure.Median) is not null)
            .GroupBy(figure => figure.Subject)
            .Select(group => (Figures: group, Ours: group.FirstOrDefault(Measures.IsOurs)))
            .Select(group => new BarGroup(
                name(group.Figures.First()),
                [.. group.Figures.OrderBy(figure => !Measures.IsOurs(figure)).ThenBy(figure => figure.Median).Select(figure => Bar(figure, group.Ours, measure))])),
    ];

    private static Bar Bar(Figure figure, Figure? ours, Func<Figure, double, double> measure)
    {
        var (value, interval) = Measures.Of(figure, measure);
        return new(figure.By, value, interval, Measures.IsOurs(figure) && figure.BindingFloor is { } floor ? Measures.Positive(measure(figure, floor.Seconds)) : null, ours is null || figure == ours ? null : Measures.Times(ours, figure));
    }

    private static Chart Comparison(string title, IReadOnlyList<BarGroup> groups, string axis, string unit, Palette palette, bool moreIsBetter = false)
    {
        double[] values = [.. groups.SelectMany(group => group.Bars).Select(bar => bar.Value).Where(value => value > 0)];
        var bars = groups.Sum(group => group.Bars.Count);
        if (values.Length == 0 || (values.Max() / values.Min() <= MostForBars && bars <= 40))
        {
            return new BarChart
            {
                Title = title,
                Subtitle = "Medians, with 95 % intervals." + Bounds(groups),
                Groups = groups,
                Axis = axis,
                Unit = unit,
                MoreIsBetter = moreIsBetter,
            };
        }
        return new DotChart
        {
            Title = title,
            Subtitle = "Medians, with 95 % intervals. Equal distances are equal ratios." + Bounds(groups),
            Groups = groups,
            Axis = axis,
            Unit = unit,
            Palette = palette,
            MoreIsBetter = moreIsBetter,
        };
    }

    private static string Bounds(IReadOnlyList<BarGroup> groups) =>
        groups.Any(group => group.Bars.Any(bar => bar.Bound is not null)) ? " The upright mark is the floor: what the machine's own speed allows." : "";
}
