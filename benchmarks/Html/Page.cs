using System.Globalization;
using System.Xml.Linq;
using GpuOptim.Benchmarks.Html.Charts;
using GpuOptim.Benchmarks.Results;

namespace GpuOptim.Benchmarks.Html;

/// <summary>The page as a tree.</summary>
internal static class Page
{
    /// <summary>What the page may load: nothing.</summary>
    private const string Policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

    public static XElement Of(Report report)
    {
        var palette = new Palette(report.Races().SelectMany(entry => entry.Race.Figures).Where(figure => !Measures.IsYardstick(figure)).Select(figure => figure.By));
        var title = $"GpuOptim benchmarks: {report.Machine.Device}";
        return Tag.Of(
            "html",
            ("lang", "en"),
            Tag.Of(
                "head",
                Tag.Of("meta", ("charset", "utf-8")),
                Tag.Of("meta", ("http-equiv", "Content-Security-Policy"), ("content", Policy)),
                Tag.Of("meta", ("name", "viewport"), ("content", "width=device-width, initial-scale=1")),
                Tag.Of("meta", ("name", "color-scheme"), ("content", "light dark")),
                // Without it a browser asks for one.
                Tag.Of("link", ("rel", "icon"), ("href", "data:,")),
                Tag.Of("title", title),
                Tag.Of("style", Resource("report.css"))),
            Tag.Of(
                "body",
                Header(report),
                Tag.Of("main", report.Chapters.Select(chapter => ChapterSection.Of(report, chapter, palette)), Glossary.Section(report)),
                Tag.Of("footer", Tag.Of("p", $"Written by GpuOptim {report.Machine.Library}. The JSON file beside this page holds every round.")),
                Tag.Of("script", Resource("report.js"))));
    }

    /// <summary>What a chapter is called in links: its verb, and a number if it is not the first of it.</summary>
    public static string IdOf(Report report, Chapter chapter)
    {
        var number = Number(report, chapter);
        return $"chapter-{Letters(chapter)}{(number == 1 ? "" : $"-{Text.Tick(number)}")}";
    }

    /// <summary>The how-manieth chapter of its verb it is.</summary>
    private static int Number(Report report, Chapter chapter) => 1 + report.Chapters.TakeWhile(other => other != chapter).Count(other => Letters(other) == Letters(chapter));

    /// <summary>Verbs are words; of anything else the letters remain.</summary>
    private static string Letters(Chapter chapter) => string.Concat(chapter.Verb.Where(character => char.IsAsciiLetterOrDigit(character) || character == '-'));

    private static XElement Header(Report report) => Tag.Of(
        "header",
        Tag.Of("p.brand", "GpuOptim benchmarks"),
        Tag.Of("h1", report.Machine.Device),
        Tag.Of(
            "p.when",
            Tag.Of("time", ("datetime", report.Created.ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture)), report.Created.ToString("d MMMM yyyy, HH:mm 'UTC'zzz", CultureInfo.InvariantCulture))),
        MachineSection.Noise(report),
        Headlines.Of(report),
        MachineSection.Facts(report),
        ChapterSection.Command(report.Command),
        report.Chapters.Count == 0 ? Tag.Of("p.empty", "Nothing was measured.") : Tag.Of(
            "nav",
            ("aria-label", "Chapters"),
            Tag.Of("ul", report.Chapters.Select(chapter => Tag.Of("li", Tag.Of("a", ("href", $"#{IdOf(report, chapter)}"), Number(report, chapter) == 1 ? chapter.Verb : $"{chapter.Verb} {Number(report, chapter)}"))), Tag.Of("li", Tag.Of("a", ("href", "#how"), "how it was measured")))));

    private static string Resource(string name)
    {
        using var stream = typeof(Page).Assembly.GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream);
        return "\n" + reader.ReadToEnd();
    }
}
