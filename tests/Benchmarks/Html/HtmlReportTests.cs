using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using GpuOptim.Benchmarks.Html;
using GpuOptim.Benchmarks.Results;

namespace GpuOptim.Tests.Benchmarks.Html;

/// <summary>The page, whatever the report holds.</summary>
public sealed partial class HtmlReportTests
{
    private const string Hostile = "<script>alert(1)</script>\" onload='alert(2)' & ]]> \u0001";

    [Test]
    public void TheSampleHasEverything()
    {
        var page = Check(SampleReport.Create());
        Assert.Multiple(() =>
        {
            Assert.That(Texts(page, "h2"), Has.Some.EndsWith("What do many small tensors cost?").And.Some.EqualTo("How it was measured"));
            Assert.That(Texts(page, "th"), Is.SupersetOf(new[] { "layout", "time", "95 % interval", "ns a parameter", "GB/s", "GFLOP/s", "of triad", "of divider", "of peak", "×\u00A0fastest rival", "checked" }));
            Assert.That(Texts(page, "h3"), Has.Some.StartsWith("Roofline").And.Some.StartsWith("Bandwidth over sizes").And.Some.StartsWith("Scaling over threads"));
            Assert.That(page.Descendants("ul").Single(list => list.Attribute("class")?.Value == "headlines").Elements().Select(card => card.Value), Has.Exactly(5).Items);
            Assert.That(Texts(page, "code"), Does.Contain("gpuoptim-bench throughput --device simd"));
            Assert.That(page.Descendants("text").Select(text => text.Value), Does.Contain("L2 full"));
        });
    }

    /// <summary>What the JSON file holds is what the page shows.</summary>
    [Test]
    public void AReportFromItsFileLooksTheSame()
    {
        var path = Path.Combine(Directory.CreateTempSubdirectory().FullName, "report.json");
        ReportFile.Write(path, SampleReport.Create());
        Assert.That(HtmlReport.Render(ReportFile.Read(path)), Is.EqualTo(HtmlReport.Render(SampleReport.Create())));
        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
    }

    [Test]
    public void TextFromDataIsText()
    {
        var figure = SampleReport.Timed(new(1), Hostile, Hostile, new(10, 120, 20), 1e-3, Hostile);
        var ours = SampleReport.Floored(figure with { By = Figure.Ours }, (Hostile, 5e-4));
        var race = SampleReport.Race(Hostile, new() { [Hostile] = Hostile, ["type"] = Hostile, ["threads"] = "2" }, ours, figure);
        var report = SampleReport.With(SampleReport.Chapter(Hostile, Hostile, race, race with { Name = "another" })) with
        {
            Command = Hostile,
            Machine = new(Hostile, 2, [new(Hostile, 1024, 1)], 1, [512], Hostile, Hostile, Hostile, Hostile, [Hostile]),
            Noise = new(1, 0.2, 0.5, 9, [Hostile]),
        };
        var page = Check(report);
        Assert.Multiple(() =>
        {
            Assert.That(page.Descendants("script").Count(), Is.EqualTo(1));
            Assert.That(page.DescendantsAndSelf().Attributes().Select(attribute => attribute.Name.LocalName), Has.None.StartsWith("on"));
            Assert.That(Texts(page, "h1"), Is.EqualTo(new[] { Hostile.Replace('\u0001', '\uFFFD') }));
            Assert.That(Texts(page, "td"), Has.Some.Contains("<script>alert(1)</script>"));
        });
    }

    /// <summary>A page asks nobody for anything, and says so to the browser.</summary>
    [Test]
    public void NothingIsFromElsewhere()
    {
        var html = HtmlReport.Render(SampleReport.Create());
        Assert.Multiple(() =>
        {
            Assert.That(html, Does.Not.Contain("http:").And.Not.Contain("https:").And.Not.Contain("//cdn").And.Not.Contain("@import").And.Not.Contain("url("));
            Assert.That(html, Does.Contain("content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:;"));
        });
    }

    [Test]
    public void ChaptersAreOptional()
    {
        var page = Check(SampleReport.With());
        Assert.That(Texts(page, "p"), Does.Contain("Nothing was measured."));
        Assert.That(page.Descendants("svg"), Is.Empty);
        Assert.That(page.Descendants("nav"), Is.Empty);
        Assert.That(Texts(Check(SampleReport.With(SampleReport.Chapter("launch", "?"))), "p"), Does.Contain("Nothing was measured."));
        Assert.That(Texts(Check(SampleReport.With(SampleReport.Chapter("throughput", "?", SampleReport.Race("empty", [])))), "p"), Does.Contain("Nothing was measured."));
    }

    /// <summary>Columns and headlines that nothing is known for are not there.</summary>
    [Test]
    public void OneFigureIsEnough()
    {
        var figure = SampleReport.Timed(new(1), "adamw", Figure.Ours, new(1000), 1e-6, null);
        var page = Check(SampleReport.With(SampleReport.Chapter("throughput", "?", SampleReport.Race("1 × 1K", new() { ["layout"] = "1x1K" }, figure))) with
        {
            Machine = SampleReport.Machine with { Caches = [], VectorBits = [], Rivals = [], MemoryBytes = 0 },
        });
        Assert.That(Texts(page, "th"), Is.EqualTo(new[] { "what", "by", "time", "95 % interval", "ns a parameter" }));
        Assert.That(Texts(page, "dt"), Has.None.EqualTo("Caches").And.None.EqualTo("Rivals").And.None.EqualTo("Memory"));
        Assert.That(page.Descendants("ul").Where(list => list.Attribute("class")?.Value == "headlines"), Is.Empty);
    }

    [Test]
    public void RivalsAndCachesAreOptional()
    {
        var sample = SampleReport.Create();
        var page = Check(sample with
        {
            Machine = sample.Machine with { Caches = [] },
            Chapters = [.. sample.Chapters.Select(chapter => chapter with { Races = [.. chapter.Races.Select(race => race with { Figures = [.. race.Figures.Where(figure => figure.By is Figure.Ours or Figure.Yardstick)] })] })],
        });
        Assert.That(Texts(page, "th"), Has.None.Contains("rival"));
        Assert.That(page.Descendants("text").Select(text => text.Value), Has.None.EndsWith(" full"));
        Assert.That(Texts(page, "h3"), Has.Some.StartsWith("Roofline"));
    }

    /// <summary>Every place in every drawing is a number, for times from nothing to ages.</summary>
    [TestCase(1e-9, 1e-9)]
    [TestCase(1e-9, 1e3)]
    [TestCase(1e3, 1e3)]
    [TestCase(0, 0)]
    [TestCase(0, 1)]
    [TestCase(double.NaN, 1)]
    [TestCase(double.PositiveInfinity, 1e-3)]
    [TestCase(double.Epsilon, double.MaxValue)]
    public void DrawingsHoldWithAnyTimes(double one, double other)
    {
        foreach (var verb in new[] { "throughput", "launch", "newton-schulz", "cold-start" })
        {
            foreach (var count in new[] { 1, 4 })
            {
                var races = Enumerable.Range(0, count).Select(i => SampleReport.Race($"race {i}", new() { ["layout"] = $"1x{1000 << i}", ["count"] = "1", ["length"] = $"{1000 << i}", ["type"] = "float32", ["threads"] = i == 3 ? "1" : "2" },
                [
                    Exactly("triad", Figure.Yardstick, one),
                    Exactly("adamw", Figure.Ours, one) with { Floors = [new("triad", other, one / other, ""), new("divider", one, other / one, "")] },
                    Exactly("adamw", "a rival", other),
                ]));
                Check(SampleReport.With(SampleReport.Chapter(verb, "?", [.. races])));
            }
        }
    }

    [Test]
    public void NoiseIsSaid()
    {
        var sample = SampleReport.Create();
        Assert.That(Check(sample).Value, Does.Contain("The machine was still."));
        var page = Check(sample with { Noise = new(4, 0.001, null, null, ["Others ran on the same cores."]) });
        Assert.That(page.Value, Does.Contain("The machine was not still.").And.Contain("Others ran on the same cores."));
    }

    /// <summary>Numbers are written the same wherever the program runs.</summary>
    [Test]
    public void CulturesDoNotMatter()
    {
        var expected = HtmlReport.Render(SampleReport.Create());
        var (before, commas) = (CultureInfo.CurrentCulture, (CultureInfo)CultureInfo.InvariantCulture.Clone());
        commas.NumberFormat.NumberDecimalSeparator = ",";
        commas.NumberFormat.NegativeSign = "minus";
        try
        {
            CultureInfo.CurrentCulture = commas;
            Assert.That(HtmlReport.Render(SampleReport.Create()), Is.EqualTo(expected));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    private static Figure Exactly(string subject, string by, double seconds) =>
        new(subject, by, new(1000, 28e3, 14e3, 14e3), [[seconds], [seconds]], seconds, new(seconds, seconds), [], null);

    private static IEnumerable<string> Texts(XElement page, string name) => page.Descendants(name).Select(element => element.Value);

    /// <summary>Renders a report and reads it as XML, which its HTML is too but for styles and scripts; and whatever must always hold.</summary>
    private static XElement Check(Report report)
    {
        var html = HtmlReport.Render(report);
        Assert.That(html, Does.StartWith("<!DOCTYPE html>\n<html lang=\"en\">"));
        var page = XDocument.Parse(Foreign().Replace(html, "$1$3"), LoadOptions.PreserveWhitespace).Root!;
        var ids = page.Descendants().Attributes("id").Select(id => id.Value).ToArray();
        Assert.Multiple(() =>
        {
            Assert.That(ids, Is.Unique);
            foreach (var drawing in page.Descendants("svg"))
            {
                Assert.That(drawing.Attribute("role")?.Value, Is.EqualTo("img"));
                Assert.That(drawing.Attribute("aria-labelledby")!.Value.Split(' '), Is.SubsetOf(ids));
                foreach (var attribute in drawing.DescendantsAndSelf().Attributes().Where(attribute => attribute.Name.LocalName is not ("class" or "id" or "aria-labelledby" or "role" or "text-anchor")))
                    Assert.That(Rest(attribute.Value), Is.Empty, $"{attribute} in {drawing.Element("title")!.Value}");
                foreach (var size in drawing.Descendants("rect").Attributes().Where(attribute => attribute.Name.LocalName is "width" or "height"))
                    Assert.That(double.Parse(size.Value, CultureInfo.InvariantCulture), Is.InRange(0, 5000));
            }
            foreach (var link in page.Descendants("a").Attributes("href"))
                Assert.That(ids, Does.Contain(link.Value[1..]));
        });
        return page;
    }

    /// <summary>What is left of the numbers of a drawing without them and the commands of paths.</summary>
    private static string Rest(string value) => Places().Replace(value, "");

    [GeneratedRegex("(<(style|script)>).*?(</\\2>)", RegexOptions.Singleline)]
    private static partial Regex Foreign();

    [GeneratedRegex(@"-?\d+(\.\d+)?|[MLHVZ ]|rotate\(|\)")]
    private static partial Regex Places();
}
