using GpuOptim.Benchmarks.Results;

namespace GpuOptim.Benchmarks.Html.Charts;

/// <summary>
/// A row for each group and a dot for each contestant, on a logarithmic axis: for what differs by so much that bars from zero would hide
/// the small ones, and bars from elsewhere would lie.
/// </summary>
internal sealed class DotChart : GroupChart
{
    /// <summary>Colours and shapes.</summary>
    public required Palette Palette { get; init; }

    protected override string Marks => "Dots";

    protected override void Draw(Canvas canvas)
    {
        var names = Groups.Select(group => Canvas.TextWidth(group.Name, isBold: true)).DefaultIfEmpty().Max();
        var beside = names + 16 < canvas.Width * 0.36;
        var left = beside ? names + 16 : 12;
        var rowHeight = beside ? 34 : 46;
        const double Gutter = 62;
        var value = LogScale.Over(Groups.SelectMany(group => group.Bars).SelectMany(bar => (double[])[bar.Value, bar.Interval.Low, bar.Interval.High, bar.Bound ?? 0]));
        var plot = new Plot(canvas, value, new LinearScale(1)).Place(left, canvas.Width - Gutter, 26, 26 + Groups.Count * rowHeight);
        plot.DrawX($"{Axis}: {(MoreIsBetter ? "right" : "left")} is better", Text.Tick, value.Ticks(canvas.IsNarrow ? 5 : 10));

        if (Groups.Any(group => Lead(group) is not null))
            canvas.Text("tick", canvas.Width - 2, 12, "ours against the fastest rival", "end");
        var y = plot.Top + (beside ? rowHeight / 2.0 : rowHeight - 14);
        foreach (var group in Groups)
        {
            if (beside)
                canvas.Text("group", left - 12, y + 4.5, group.Name, "end");
            else
                canvas.Text("group", 2, y - 16, group.Name);
            canvas.Line("row", plot.Left, y, plot.Right, y);
            foreach (var bar in group.Bars)
            {
                if (bar.Bound is { } bound)
                    canvas.Line("bound", value.At(bound), y - 9, value.At(bound), y + 9);
            }
            // Ours is drawn last, on top.
            foreach (var bar in group.Bars.Where(bar => bar.Value > 0).OrderBy(bar => bar.IsOurs))
            {
                var tip = $"{bar.By}, {group.Name}: {Text.Number(bar.Value)} {Unit}, 95 % interval {Text.Number(bar.Interval.Low)} to {Text.Number(bar.Interval.High)}";
                canvas.Whisker(Palette.Line(bar.By), value.At(bar.Interval.Low), value.At(bar.Interval.High), y, 3);
                canvas.Marker(Palette.Fill(bar.By), Palette.Shape(bar.By), value.At(bar.Value), y, tip, bar.IsOurs ? 6 : 5);
            }
            if (Lead(group) is { } lead)
                canvas.Text("label.ours", canvas.Width - 2, y + 4.5, Text.Times(lead), "end");
            y += rowHeight;
        }
        canvas.Height = Legend.Draw(canvas, plot.Bottom + 46, Signs(canvas));
    }

    /// <summary>How many times as fast ours is as the fastest rival.</summary>
    private static double? Lead(BarGroup group) => group.Bars.Min(bar => bar.TimesOurs);

    private IEnumerable<(string, Action<double, double>)> Signs(Canvas canvas)
    {
        foreach (var name in Groups.SelectMany(group => group.Bars).Select(bar => bar.By).Distinct().OrderBy(name => name != Figure.Ours))
            yield return (name, (x, y) => canvas.Marker(Palette.Fill(name), Palette.Shape(name), x, y, size: 5));
        if (Groups.Any(group => group.Bars.Any(bar => bar.Bound is not null)))
            yield return ("what the machine allows", (x, y) => canvas.Line("bound", x, y - 8, x, y + 8));
    }
}
