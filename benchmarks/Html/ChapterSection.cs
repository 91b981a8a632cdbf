using System.Xml.Linq;
using GpuOptim.Benchmarks.Html.Charts;
using GpuOptim.Benchmarks.Results;

namespace GpuOptim.Benchmarks.Html;

/// <summary>A chapter: its question, how to ask it again, charts, and all figures.</summary>
internal static class ChapterSection
{
    public static XElement Of(Report report, Chapter chapter, Palette palette)
    {
        var id = Page.IdOf(report, chapter);
        var charts = chapter.Races.Count == 0 ? [] : ChapterCharts.Of(report, chapter, palette).ToArray();
        return Tag.Of(
            "section.chapter",
            ("id", id),
            Tag.Of("h2", Tag.Of("span.verb", chapter.Verb), chapter.Question),
            Command(chapter.Command),
            charts.Length == 0 ? null : Tag.Of("div.charts", charts.Select((chart, i) => chart.ToFigure($"{id}-{i}"))),
            chapter.Races.Any(race => race.Figures.Count > 0) ? FigureTable.Of(chapter) : Tag.Of("p.empty", "Nothing was measured."));
    }

    /// <summary>A command line. A script puts a button beside it that copies it.</summary>
    public static XElement Command(string command) => Tag.Of("pre.command", ("tabindex", "0"), ("aria-label", "Command to repeat this"), Tag.Of("code", command));
}
