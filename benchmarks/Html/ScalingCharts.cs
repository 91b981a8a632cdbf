using GpuOptim.Benchmarks.Html.Charts;
using GpuOptim.Benchmarks.Results;

namespace GpuOptim.Benchmarks.Html;

/// <summary>How times change with the number of parameters, and with threads.</summary>
internal static class ScalingCharts
{
    /// <summary>For each number type, on all threads: the bandwidth of each optimizer if asked for, and the time of AdamW beside others.</summary>
    public static IEnumerable<Chart> OverSizes(Report report, Chapter chapter, Palette palette, bool hasBandwidths)
    {
        var all = chapter.Races.Max(race => Measures.Number(race, "threads"));
        var single = chapter.Races.Where(race => Measures.Number(race, "threads") == all && (Measures.Number(race, "count") ?? 1) == 1 && Measures.Parameters(race) > 0);
        foreach (var type in single.GroupBy(race => race.Setting.GetValueOrDefault("type") ?? ""))
        {
            Race[] races = [.. type.DistinctBy(Measures.Parameters).OrderBy(Measures.Parameters)];
            if (races.Length < 3)
                continue;
            var bytes = WorkingSet.BytesPerParameter(type.Key);
            (double, string)[] caches = bytes is { } each ? [.. WorkingSet.Capacities(report.Machine, all ?? 1).Select(cache => (cache.Bytes / each, $"{cache.Name} full"))] : [];
            var note = caches.Length == 0 ? "" : " Upright lines: AdamW's parameters, gradients and states fill a cache.";
            var subtitle = $"{type.Key}{(all is { } threads ? $", {Text.Plural((int)threads, "thread", "threads")}" : "")}.";
            var bandwidths = Subjects(races).Select((subject, i) => Line(Text.Subject(subject), i % Palette.Colors, races, figure => figure.Subject == subject && Measures.IsOurs(figure), Bandwidth)).ToList();
            bandwidths.Add(Line("triad", -1, races, figure => figure.Subject == "triad" && Measures.IsYardstick(figure), Bandwidth));
            if (hasBandwidths && Kept(bandwidths) is { Count: > 1 } lines)
            {
                yield return new SizeChart
                {
                    Title = "Bandwidth over sizes",
                    Subtitle = $"{subtitle} The bytes that an update must move, over its time. Higher is better.{note}",
                    Lines = lines,
                    Caches = caches,
                    Measure = "GB/s",
                    MeasureUnit = "GB/s",
                    IsLogarithmic = true,
                };
            }
            foreach (var subject in Subjects(races).Where(subject => subject == "adamw"))
            {
                if (Kept([.. Rivals(races, subject, palette)]) is { Count: > 1 } times)
                {
                    yield return new SizeChart
                    {
                        Title = $"{Text.Subject(subject)}{(times.Count > 2 ? " and others" : "")} over sizes",
                        Subtitle = $"{subtitle} Lower is better.{note}",
                        Lines = times,
                        Caches = caches,
                        Measure = "nanoseconds a parameter",
                        MeasureUnit = "ns",
                        IsLogarithmic = true,
                    };
                }
            }
        }
    }

    /// <summary>How many times as fast each optimizer is with more threads, on the largest and on the smallest tensor that tells.</summary>
    public static IEnumerable<Chart> OverThreads(Chapter chapter)
    {
        var groups = chapter.Races
            .Where(race => Measures.Number(race, "threads") is > 0 && Measures.Parameters(race) > 0)
            .GroupBy(race => (Layout: race.Setting.GetValueOrDefault("layout") ?? "", Type: race.Setting.GetValueOrDefault("type") ?? ""))
            .Where(group => group.DistinctBy(race => Measures.Number(race, "threads")).Count() > 1)
            .GroupBy(group => group.Key.Type)
            .SelectMany(type => (IGrouping<(string Layout, string Type), Race>[])[.. new[] { type.MaxBy(group => Measures.Parameters(group.First()))!, type.MinBy(group => Math.Abs(Math.Log(Measures.Parameters(group.First()) / 1e5)))! }.Distinct()]);
        foreach (var group in groups.Take(4))
        {
            Race[] races = [.. group.DistinctBy(race => Measures.Number(race, "threads")).OrderBy(race => Measures.Number(race, "threads"))];
            var fewest = Measures.Number(races[0], "threads")!.Value;
            var lines = Subjects(races).Select((subject, i) => SpeedUp(Text.Subject(subject), i % Palette.Colors, races, figure => figure.Subject == subject && Measures.IsOurs(figure))).ToList();
            lines.Add(SpeedUp("triad", -1, races, figure => figure.Subject == "triad" && Measures.IsYardstick(figure)));
            if (Kept(lines) is { Count: > 0 } kept)
            {
                yield return new ThreadsChart
                {
                    Title = $"Scaling over threads: {Text.Setting("layout", group.Key.Layout)}, {group.Key.Type}",
                    Subtitle = "Dotted: twice the threads, half the time. Dashed: the triad, which shows how much more the memory carries.",
                    Lines = kept,
                    Fewest = fewest,
                };
            }
        }
    }

    private static IEnumerable<string> Subjects(Race[] races) => races.SelectMany(race => race.Figures).Where(figure => Measures.IsOurs(figure) && figure.Work.Elements > 0).Select(figure => figure.Subject).Distinct();

    private static IEnumerable<Series> Rivals(Race[] races, string subject, Palette palette)
    {
        foreach (var by in races.SelectMany(race => race.Figures).Where(figure => figure.Subject == subject).Select(figure => figure.By).Distinct().OrderBy(by => by != Figure.Ours))
            yield return Line(by, palette.Shape(by), races, figure => figure.Subject == subject && figure.By == by, PerParameter);
        yield return Line("floor", -1, races, figure => figure.Subject == subject && Measures.IsOurs(figure) && figure.Floors.Count > 0, (figure, _) => PerParameter(figure, figure.BindingFloor!.Seconds));
    }

    private static List<Series> Kept(IReadOnlyList<Series> lines) => [.. lines.Where(line => line.Points.Count > 0)];

    /// <summary>A line over the number of parameters.</summary>
    private static Series Line(string name, int color, Race[] races, Func<Figure, bool> which, Func<Figure, double, double> measure) =>
        Line(name, color, races, which, measure, Measures.Parameters);

    /// <summary>A line over the number of threads: how many times as fast as the first point.</summary>
    private static Series SpeedUp(string name, int color, Race[] races, Func<Figure, bool> which)
    {
        var first = races.SelectMany(race => race.Figures.Where(which)).FirstOrDefault()?.Median ?? 0;
        return Line(name, color, races, which, (_, seconds) => first / seconds, race => Measures.Number(race, "threads") ?? 0);
    }

    private static Series Line(string name, int color, Race[] races, Func<Figure, bool> which, Func<Figure, double, double> measure, Func<Race, long> x)
    {
        var points = new List<(double X, double Y, Interval Interval)>();
        foreach (var race in races)
        {
            if (race.Figures.FirstOrDefault(which) is { } figure && Measures.Of(figure, measure) is var (value, interval) && Measures.Positive(value) is not null)
                points.Add((x(race), value, interval));
        }
        return new(name, color, points, name == Figure.Ours);
    }

    private static double Bandwidth(Figure figure, double seconds) => figure.Work.Bytes / seconds / 1e9;

    private static double PerParameter(Figure figure, double seconds) => seconds * 1e9 / figure.Work.Elements;
}
