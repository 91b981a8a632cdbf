using System.Xml.Linq;
using GpuOptim.Benchmarks.Results;

namespace GpuOptim.Benchmarks.Html;

/// <summary>The few numbers that stand at the top: those that there is data for.</summary>
internal static class Headlines
{
    public static XElement? Of(Report report)
    {
        Headline[] headlines = [.. Find(report)];
        return headlines.Length == 0 ? null : Tag.Of(
            "ul.headlines",
            headlines.Select(headline => Tag.Of(
                "li",
                Tag.Of(
                    "a",
                    ("href", $"#{headline.Chapter}"),
                    Tag.Of("strong", headline.Value),
                    Tag.Of("span", headline.Text),
                    Tag.Of("small", headline.Detail)))));
    }

    private static IEnumerable<Headline> Find(Report report)
    {
        if (Ours(report, "throughput", "adamw", race => Measures.Parameters(race)) is var (chapter, race, adamw) && adamw is not null)
        {
            if (adamw.BindingFloor is { } floor)
                yield return new(Text.Percent(floor.Share), $"of {OfWhat(floor.Name)}: AdamW", race!.Name, Page.IdOf(report, chapter!));
        }
        // Where there are rivals: the largest tensor, and the most tensors.
        foreach (var (size, what) in new (Func<Race, double>, string)[] { (race => Measures.Number(race, "length") ?? 0, "AdamW"), (race => Measures.Number(race, "count") ?? 0, "AdamW on many small tensors") })
        {
            foreach (var verb in new[] { "throughput", "launch", "compare" })
            {
                if (Ours(report, verb, "adamw", size) is var (compare, beside, ours) && ours is not null && Against(beside!, ours) is var (rivalTimes, faster) && faster is not null)
                {
                    yield return new(Text.Times(rivalTimes), $"as fast as {faster}: {what}", beside!.Name, Page.IdOf(report, compare!));
                    break;
                }
            }
        }
        if (Ours(report, "newton-schulz", "newton-schulz", race => race.Figures.Max(figure => figure.Work.DenseFlops)) is var (products, shape, iteration) && iteration is not null)
        {
            if (iteration.Floors.FirstOrDefault(floor => floor.Name == "peak") is { } peak)
                yield return new(Text.Percent(peak.Share), "of the peak of multiply-adds: Newton-Schulz", shape!.Name, Page.IdOf(report, products!));
            if (Against(shape!, iteration) is var (times, rival) && rival is not null)
                yield return new(Text.Times(times), $"as fast as {rival}: Newton-Schulz", shape!.Name, Page.IdOf(report, products!));
        }
    }

    private static string OfWhat(string floor) => floor switch
    {
        "triad" => "memory's bandwidth",
        "divider" => "the divide unit's speed",
        _ => floor,
    };

    /// <summary>Our figure in the race of a chapter that is the largest.</summary>
    private static (Chapter? Chapter, Race? Race, Figure? Figure) Ours(Report report, string verb, string subject, Func<Race, double> size)
    {
        var found = report.Races()
            .Where(entry => entry.Chapter.Verb == verb)
            .Select(entry => (entry.Chapter, entry.Race, Figure: entry.Race.Figures.FirstOrDefault(figure => Measures.IsOurs(figure) && figure.Subject == subject)))
            .Where(entry => entry.Figure is not null)
            .ToArray();
        // Of equal ones the first: it has the type and the threads that the run was asked for first.
        return found.Length == 0 ? default : found.OrderByDescending(entry => Measures.Number(entry.Race, "threads") ?? 0).ThenByDescending(entry => size(entry.Race)).First();
    }

    private static (double Times, string? Rival) Against(Race race, Figure figure) =>
        race.BestRivalOf(figure) is { } rival && Measures.Times(figure, rival) is { } times ? (times, rival.By) : default;
}
