using System.Xml.Linq;
using GpuOptim.Benchmarks.Results;

namespace GpuOptim.Benchmarks.Html;

/// <summary>All figures of a chapter in one table, with the columns that have content.</summary>
internal static class FigureTable
{
    /// <summary>Settings that another one says already.</summary>
    private static readonly string[] _derived = ["count", "length"];

    /// <summary>The table in a frame of its own, which scrolls where it is wider than the screen.</summary>
    public static XElement Of(Chapter chapter)
    {
        Row[] rows = [.. chapter.Races.SelectMany(race => race.Figures.Select(figure => new Row(race, figure)))];
        Column[] columns = [.. Columns(chapter).Where(column => rows.Any(row => column.Cell(row) is not null))];
        var constant = Settings(chapter).Where(setting => setting.Values.Length == 1).Select(setting => $"{setting.Key} {Text.Setting(setting.Key, setting.Values[0])}");
        var caption = chapter.Races.Count == 1 ? chapter.Races[0].Name : $"{Text.Plural(chapter.Races.Count, "race", "races")}{string.Concat(constant.Select(text => $", {text}"))}";
        return Tag.Of(
            $"div.table-frame{(rows.Length > 40 ? ".long" : "")}{(columns.Length > 10 ? ".broad" : "")}",
            ("role", "region"),
            ("tabindex", "0"),
            ("aria-label", $"All figures of {chapter.Verb}"),
            Tag.Of(
                "table",
                Tag.Of("caption", caption),
                Tag.Of("thead", Tag.Of("tr", columns.Select(column => column.ToHeader()))),
                Tag.Of("tbody", rows.Select(row => Tag.Of(Css(row), columns.Select(column => column.ToCell(row)))))));
    }

    private static string Css(Row row)
    {
        var css = Measures.IsOurs(row.Figure) ? "tr.ours" : Measures.IsYardstick(row.Figure) ? "tr.machine" : "tr";
        return row.Figure == row.Race.Figures[0] ? css + ".first" : css;
    }

    private static IEnumerable<Column> Columns(Chapter chapter)
    {
        foreach (var column in RaceColumns(chapter))
            yield return column;
        yield return Column.OfText("what", row => Text.Subject(row.Figure.Subject));
        yield return Column.OfText("by", row => row.Figure.By);
        yield return Column.OfNumber("time", row => row.Figure.Median, Text.Seconds);
        yield return new("95 % interval", true, false, row => (Text.Interval(row.Figure.Interval.Low, row.Figure.Interval.High, row.Figure.Median), Column.Key(row.Figure.Interval.High - row.Figure.Interval.Low)));
        yield return Column.OfNumber("ns a parameter", row => Measures.IsYardstick(row.Figure) ? null : Measures.NanosecondsPerParameter(row.Figure), Text.Number);
        yield return Column.OfNumber("GB/s", row => Measures.GigabytesPerSecond(row.Figure), Text.Number, bestIsHighest: true);
        yield return Column.OfNumber("GFLOP/s", row => Measures.GigaflopsPerSecond(row.Figure), Text.Number, bestIsHighest: true);
        yield return Column.OfNumber("dense GFLOP/s", row => Measures.DenseGigaflopsPerSecond(row.Figure), Text.Number, bestIsHighest: true);
        foreach (var name in chapter.Races.SelectMany(race => race.Figures).SelectMany(figure => figure.Floors).Select(floor => floor.Name).Distinct())
        {
            yield return Column.OfNumber($"floor: {name}", row => Floor(row, name)?.Seconds, Text.Seconds);
            yield return Column.OfNumber($"of {name}", row => Floor(row, name)?.Share, Text.Percent, bestIsHighest: true);
        }
        yield return Column.OfNumber("×\u00A0fastest rival", row => row.Race.BestRivalOf(row.Figure) is { } rival ? Measures.Times(row.Figure, rival) : null, Text.Times, bestIsHighest: true);
        yield return Column.OfText("fastest rival", row => row.Race.BestRivalOf(row.Figure)?.By);
        yield return Column.OfText("checked", row => row.Figure.Check);
    }

    /// <summary>What tells races apart: the settings that differ, or names where these do not suffice.</summary>
    private static IEnumerable<Column> RaceColumns(Chapter chapter)
    {
        if (chapter.Races.Count == 1)
            yield break;
        string[] keys = [.. Settings(chapter).Where(setting => setting.Values.Length > 1).Select(setting => setting.Key)];
        if (keys.Length == 0 || chapter.Races.DistinctBy(race => string.Join('\n', keys.Select(key => race.Setting.GetValueOrDefault(key)))).Count() < chapter.Races.Count)
            yield return Column.OfText("race", row => row.Race.Name);
        foreach (var key in keys)
        {
            yield return new(key, IsNumber(chapter, key), false, row => row.Race.Setting.TryGetValue(key, out var value)
                ? (Text.Setting(key, value), key == "layout" ? Column.Key(Measures.Parameters(row.Race)) : value)
                : null);
        }
    }

    private static bool IsNumber(Chapter chapter, string key) =>
        key == "layout" ? chapter.Races.All(race => Measures.Parameters(race) > 0) : chapter.Races.All(race => !race.Setting.ContainsKey(key) || Measures.Number(race, key) is not null);

    private static IEnumerable<(string Key, string[] Values)> Settings(Chapter chapter) => chapter.Races
        .SelectMany(race => race.Setting)
        .GroupBy(setting => setting.Key, setting => setting.Value)
        .Select(group => (group.Key, (string[])[.. group.Distinct()]))
        .Where(setting => !_derived.Contains(setting.Key) || chapter.Races.Any(race => !race.Setting.ContainsKey("layout")));

    private static Floor? Floor(Row row, string name) => row.Figure.Floors.FirstOrDefault(floor => floor.Name == name);
}
