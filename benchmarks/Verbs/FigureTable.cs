using GpuOptim.Benchmarks.Results;
using Spectre.Console;

namespace GpuOptim.Benchmarks.Verbs;

/// <summary>A race as a table for the terminal. Columns that would be empty are left out.</summary>
internal static class FigureTable
{
    public static Table Of(Race race)
    {
        var yardsticks = race.Figures.SelectMany(figure => figure.Floors.Select(floor => floor.Name)).Distinct().ToArray();
        (string Head, Func<Figure, string> Cell)[] columns =
        [
            ("", figure => figure.By is Figure.Ours or Figure.Yardstick ? figure.Subject : $"{figure.Subject}, {figure.By}"),
            ("time", figure => Time.Text(figure.Median)),
            ("95 %", figure => $"{Time.Number(figure.Interval.Low, figure.Median)} .. {Time.Number(figure.Interval.High, figure.Median)}"),
            ("ns/param", figure => figure.Work.Elements == 0 ? "" : $"{figure.Median * 1e9 / figure.Work.Elements:F3}"),
            ("GB/s", figure => figure.Work.Bytes == 0 ? "" : $"{figure.Work.Bytes / figure.Median / 1e9:F1}"),
            ("GFLOP/s", figure => figure.Work.DenseFlops == 0 ? "" : $"{figure.Work.Flops / figure.Median / 1e9:F1}"),
            ("dense", figure => figure.Work.DenseFlops == 0 ? "" : $"{figure.Work.DenseFlops / figure.Median / 1e9:F1}"),
            .. yardsticks.Select(name => ($"of {name}", (Func<Figure, string>)(figure => figure.Floors.FirstOrDefault(floor => floor.Name == name) is { } floor ? $"{floor.Share:P0}" : ""))),
            ("× best rival", figure => Rival(race, figure)),
            ("checked", figure => figure.Check ?? ""),
        ];
        var table = new Table().Border(TableBorder.Rounded).Title(new TableTitle(Markup.Escape(race.Name), new Style(decoration: Decoration.Bold)));
        var used = columns.Where(column => race.Figures.Any(figure => column.Cell(figure).Length > 0)).ToArray();
        foreach (var (head, _) in used)
            table.AddColumn(head is "" or "checked" ? new TableColumn(head) : new TableColumn(head).RightAligned().NoWrap());
        foreach (var figure in race.Figures)
            table.AddRow([.. used.Select(column => Markup.Escape(column.Cell(figure)))]);
        return table;
    }

    private static string Rival(Race race, Figure figure) => race.BestRivalOf(figure) is { } rival
        ? $"{Engine.Statistics.Median(Engine.Statistics.Zip(rival.Seconds, figure.Seconds, (others, own) => others / own)):F1}"
        : "";
}
