using GpuOptim.Benchmarks.Results;

namespace GpuOptim.Benchmarks.Html.Charts;

/// <summary>Horizontal bars from zero, with intervals as whiskers and bounds as marks. Ours has the colour.</summary>
internal sealed class BarChart : GroupChart
{
    private const double BarHeight = 14;

    protected override string Marks => "Bars";

    protected override void Draw(Canvas canvas)
    {
        var names = Groups.SelectMany(group => group.Bars).Select(bar => Canvas.TextWidth(bar.By, isBold: bar.IsOurs)).DefaultIfEmpty().Max();
        // Names stand beside bars where there is room, else above them.
        var beside = names + 16 < canvas.Width * 0.36;
        var left = beside ? names + 16 : 6;
        var rowHeight = beside ? BarHeight + 7 : BarHeight + 25;
        var value = LinearScale.Over(Groups.SelectMany(group => group.Bars).SelectMany(bar => (double[])[bar.Value, bar.Interval.High, bar.Bound ?? 0]));
        var named = Groups.Count > 1 || Groups.Any(group => group.Name.Length > 0);
        var height = Groups.Sum(group => group.Bars.Count * rowHeight + (named ? 26 : 0) + 12);
        var plot = new Plot(canvas, value, new LinearScale(1)).Place(left, canvas.Width - (canvas.IsNarrow ? 128 : 150), 8, 8 + height);
        plot.DrawX($"{Axis}: {(MoreIsBetter ? "longer" : "shorter")} is better", Text.Tick, value.Ticks(canvas.IsNarrow ? 3 : 6));

        var y = plot.Top + 4;
        foreach (var group in Groups)
        {
            if (named)
            {
                canvas.Text("group", 2, y + 16, group.Name);
                y += 26;
            }
            foreach (var bar in group.Bars)
            {
                if (beside)
                    canvas.Text(bar.IsOurs ? "label.ours" : "label", left - 10, y + BarHeight - 2.5, bar.By, "end");
                else
                    canvas.Text(bar.IsOurs ? "label.ours" : "label", left, y + 13, bar.By);
                DrawBar(canvas, plot, value, bar, beside ? y : y + 18);
                y += rowHeight;
            }
            y += 12;
        }
        canvas.Height = plot.Bottom + 46;
        if (Groups.Any(group => group.Bars.Any(bar => bar.Bound is not null)))
            canvas.Height = Legend.Draw(canvas, plot.Bottom + 46, Signs(canvas));
    }

    private static IEnumerable<(string, Action<double, double>)> Signs(Canvas canvas) =>
    [
        ("what the machine allows", (x, y) => canvas.Line("bound", x, y - 8, x, y + 8)),
        ("95 % interval", (x, y) => canvas.Whisker("whisker", x - 8, x + 8, y)),
    ];

    private void DrawBar(Canvas canvas, Plot plot, LinearScale value, Bar bar, double y)
    {
        var css = bar.IsOurs ? "bar-ours" : bar.By == Figure.Yardstick ? "bar-machine" : "bar";
        var tip = $"{bar.By}: {Text.Number(bar.Value)} {Unit}, 95 % interval {Text.Number(bar.Interval.Low)} to {Text.Number(bar.Interval.High)}";
        canvas.Rectangle(css, plot.Left, y, value.At(bar.Value) - plot.Left, BarHeight, tip);
        var (low, high) = (value.At(bar.Interval.Low), value.At(bar.Interval.High));
        canvas.Whisker("whisker", low, high, y + BarHeight / 2, 3.5);
        var end = Math.Max(value.At(bar.Value), high);
        if (bar.Bound is { } bound)
        {
            // Set off from the bar that it stands on.
            canvas.Line("halo", value.At(bound), y - 3, value.At(bound), y + BarHeight + 3);
            canvas.Line("bound", value.At(bound), y - 3, value.At(bound), y + BarHeight + 3);
            end = Math.Max(end, value.At(bound));
        }
        canvas.Text(bar.IsOurs ? "label.ours" : "label", end + 8, y + BarHeight - 2.5, Text.Number(bar.Value) + Against(bar));
    }

    /// <summary>How a rival stands to ours.</summary>
    private string Against(Bar bar) => bar.TimesOurs is { } times ? $" ({Text.Times(MoreIsBetter ? 1 / times : times)} ours)" : "";
}
