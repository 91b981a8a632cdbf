using GpuOptim.Benchmarks.Html.Charts;
using GpuOptim.Benchmarks.Results;

namespace GpuOptim.Benchmarks.Html;

/// <summary>The roofline of a chapter: one race for each level of memory, of one number type, on all threads.</summary>
internal static class RooflineCharts
{
    public static IEnumerable<Chart> Of(Report report, Chapter chapter)
    {
        Race[] races = [.. chapter.Races.Where(race => Triad(race) is not null && Points(race).Count > 0 && (Measures.Number(race, "count") ?? 1) == 1)];
        if (races.Length == 0)
            yield break;
        var type = races[0].Setting.GetValueOrDefault("type") ?? "";
        races = [.. races.Where(race => (race.Setting.GetValueOrDefault("type") ?? "") == type)];
        var threads = races.Max(race => Measures.Number(race, "threads"));
        races = [.. races.Where(race => Measures.Number(race, "threads") == threads)];
        var levels = Levels(report, races, type, threads ?? 1).ToArray();
        yield return new RooflineChart
        {
            Title = "Roofline: what the machine allows, and what is reached",
            Subtitle = $"A point on its slope is as fast as the memory that its data lies in. Slopes are the bandwidths of the triad. {type}{(threads is { } count ? $", {Text.Plural((int)count, "thread", "threads")}" : "")}; parameters: "
                + string.Join(", ", levels.Select(level => $"{Text.Count(Measures.Parameters(level.Race))} in {level.Name}")) + ".",
            Roofs = [.. levels.Select(level => new Roof(level.Name, Triad(level.Race)!.Value, Points(level.Race)))],
            Peak = Peak(report, threads),
        };
    }

    /// <summary>For memory and each cache, the race that lies best in it.</summary>
    private static IEnumerable<(string Name, Race Race)> Levels(Report report, Race[] races, string type, long threads)
    {
        var largest = races.MaxBy(Measures.Parameters)!;
        var capacities = WorkingSet.BytesPerParameter(type) is null ? [] : WorkingSet.Capacities(report.Machine, threads).ToArray();
        var bytes = WorkingSet.BytesPerParameter(type) ?? 0;
        var isInMemory = capacities.Length > 0 && Measures.Parameters(largest) * (double)bytes > capacities[^1].Bytes;
        yield return (isInMemory || capacities.Length == 0 ? "memory" : "caches", largest);
        for (var i = capacities.Length - 1; i >= 0; i--)
        {
            var below = i == 0 ? 0 : capacities[i - 1].Bytes;
            // Half of a cache is its own for certain: it is not in the one below, and little of it is driven out.
            var race = races.Where(race => race != largest && Footprint(race) > below && Footprint(race) <= 0.9 * capacities[i].Bytes)
                .MinBy(race => Math.Abs(Math.Log(Footprint(race) / (0.5 * capacities[i].Bytes))));
            if (race is not null)
                yield return (capacities[i].Name, race);
        }

        double Footprint(Race race) => Measures.Parameters(race) * (double)bytes;
    }

    private static double? Triad(Race race) => race.Figures.FirstOrDefault(figure => Measures.IsYardstick(figure) && figure.Subject == "triad") is { } triad ? Measures.GigabytesPerSecond(triad) : null;

    private static List<RoofPoint> Points(Race race) =>
    [
        .. race.Figures.Where(figure => Measures.IsOurs(figure) && figure.Work is { Flops: > 0, Bytes: > 0 } && Measures.GigaflopsPerSecond(figure) is not null).Select(figure => new RoofPoint(
            Text.Subject(figure.Subject),
            figure.Work.Flops / figure.Work.Bytes,
            Measures.GigaflopsPerSecond(figure)!.Value,
            figure.Floors.FirstOrDefault(floor => floor.Name == "divider") is { } divider ? Measures.Positive(figure.Work.Flops / divider.Seconds / 1e9) : null)),
    ];

    /// <summary>The best peak that any race of as many threads saw.</summary>
    private static double? Peak(Report report, long? threads) => report.Races()
        .Where(entry => Measures.Number(entry.Race, "threads") is not { } own || own == threads)
        .SelectMany(entry => entry.Race.Figures)
        .Where(figure => Measures.IsYardstick(figure) && figure.Subject == "peak")
        .Max(Measures.GigaflopsPerSecond);
}
