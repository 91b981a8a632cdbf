using GpuOptim.Benchmarks.Results;
using Spectre.Console;
using Text = GpuOptim.Benchmarks.Results.Text;

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
            ("time", figure => Text.Seconds(figure.Median)),
            ("95 %", figure => Text.Interval(figure.Interval.Low, figure.Interval.High, figure.Median)),
            ("ns/param", figure => Number(Measures.NanosecondsPerParameter(figure))),
            ("GB/s", figure => Number(Measures.GigabytesPerSecond(figure))),
            ("GFLOP/s", figure => figure.Work.DenseFlops == 0 ? "" : Number(Measures.GigaflopsPerSecond(figure))),
            ("dense", figure => Number(Measures.DenseGigaflopsPerSecond(figure))),
            .. yardsticks.Select(name => ($"of {name}", (Func<Figure, string>)(figure => figure.Floors.FirstOrDefault(floor => floor.Name == name) is { } floor ? Text.Percent(floor.Share) : ""))),
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

    private static string Number(double? value) => value is { } number ? Text.Number(number) : "";

    private static string Rival(Race race, Figure figure) => race.BestRivalOf(figure) is { } rival && Measures.Times(figure, rival) is { } times ? Text.Times(times) : "";
}
