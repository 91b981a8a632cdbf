using GpuOptim.Benchmarks.Results;

namespace GpuOptim.Benchmarks.Html.Charts;

/// <summary>Lines over a horizontal axis, each named at its end, with intervals as bands.</summary>
internal abstract class LineChart : Chart
{
    public required IReadOnlyList<Series> Lines { get; init; }

    protected abstract string XTitle { get; }

    protected abstract string YTitle { get; }

    /// <summary>The unit of the vertical axis.</summary>
    protected abstract string Unit { get; }

    /// <summary>Places on the horizontal axis to mark with a name.</summary>
    protected virtual IReadOnlyList<(double X, string Name)> Marks => [];

    protected override string Description =>
        $"Lines of {YTitle} over {XTitle}. "
        + string.Join(". ", Lines.Where(line => line.Points.Count > 0).Select(line => $"{line.Name}: from {Text.Number(line.Points[0].Y)} at {XLabel(line.Points[0].X)} to {Text.Number(line.Points[^1].Y)} at {XLabel(line.Points[^1].X)}"))
        + ".";

    protected abstract Scale CreateX();

    protected abstract Scale CreateY();

    protected virtual IReadOnlyList<double>? XTicks(bool isNarrow) => null;

    protected abstract string XLabel(double value);

    /// <summary>Draws what belongs behind the lines.</summary>
    protected virtual void DrawBehind(Canvas canvas, Scale x, Scale y)
    {
    }

    protected sealed override void Draw(Canvas canvas)
    {
        var names = Lines.Select(line => Canvas.TextWidth(line.Name, isBold: line.IsStrong)).DefaultIfEmpty().Max() + 26;
        // Names stand at the ends of lines where there is room, else in a legend.
        var direct = names < canvas.Width * 0.3;
        var (x, y) = (CreateX(), CreateY());
        var top = Marks.Count > 0 ? 58 : 34;
        var plot = new Plot(canvas, x, y).Place(56, canvas.Width - (direct ? names : 14), top, top + (canvas.IsNarrow ? 230 : 320));
        plot.DrawY(YTitle, Text.Tick, above: top - 18);
        plot.DrawX(XTitle, XLabel, XTicks(canvas.IsNarrow), grid: false);
        DrawMarks(canvas, plot, x);
        DrawBehind(canvas, x, y);
        foreach (var line in Lines.Where(line => !line.IsBound))
            DrawBand(canvas, x, y, line);
        foreach (var line in Lines.OrderByDescending(line => line.IsBound).ThenByDescending(line => line.Color))
            DrawLine(canvas, x, y, line);
        if (direct)
            DrawNames(canvas, plot, y);
        canvas.Height = direct ? plot.Bottom + 46 : Legend.Draw(canvas, plot.Bottom + 46, Signs(canvas));
    }

    private static void DrawBand(Canvas canvas, Scale x, Scale y, Series line)
    {
        if (line.Points.Count > 1)
        {
            canvas.Path(
                $"band{line.Color}",
                line.Points.Select(point => (x.At(point.X), y.At(point.Interval.High))).Concat(line.Points.Reverse().Select(point => (x.At(point.X), y.At(point.Interval.Low)))),
                closed: true);
        }
    }

    private void DrawLine(Canvas canvas, Scale x, Scale y, Series line)
    {
        if (line.Points.Count > 1)
            canvas.Path(line.IsBound ? "bound-line" : line.IsStrong ? $"line{line.Color}.strong" : $"line{line.Color}", line.Points.Select(point => (x.At(point.X), y.At(point.Y))));
        if (line.IsBound && line.Points.Count > 1)
            return;
        foreach (var (at, value, interval) in line.Points)
        {
            var tip = $"{line.Name}, {XLabel(at)}: {Text.Number(value)} {Unit}" + (line.IsBound ? "" : $", 95 % interval {Text.Number(interval.Low)} to {Text.Number(interval.High)}");
            canvas.Marker(line.IsBound ? "fill-bound" : $"fill{line.Color}", Math.Max(0, line.Color), x.At(at), y.At(value), tip, 3.6);
        }
    }

    private void DrawNames(Canvas canvas, Plot plot, Scale y)
    {
        Series[] named = [.. Lines.Where(line => line.Points.Count > 0)];
        var places = Plot.Apart([.. named.Select(line => y.At(line.Points[^1].Y) + 4.5)], 17, plot.Top + 4, plot.Bottom + 4);
        foreach (var (line, place) in named.Zip(places))
        {
            if (line.IsBound)
                canvas.Line("bound-line", plot.Right + 8, place - 4.5, plot.Right + 20, place - 4.5);
            else
                canvas.Marker($"fill{line.Color}", line.Color, plot.Right + 14, place - 4.5, size: 4);
            canvas.Text(line.IsStrong ? "label.ours" : "label", plot.Right + 25, place, line.Name);
        }
    }

    private IEnumerable<(string, Action<double, double>)> Signs(Canvas canvas) => Lines.Where(line => line.Points.Count > 0).Select(line => (line.Name, (Action<double, double>)((x, y) =>
    {
        canvas.Line(line.IsBound ? "bound-line" : $"line{line.Color}", x - 10, y, x + 10, y);
        if (!line.IsBound)
            canvas.Marker($"fill{line.Color}", line.Color, x, y, size: 4);
    })));

    private void DrawMarks(Canvas canvas, Plot plot, Scale x)
    {
        var free = double.NegativeInfinity;
        foreach (var (at, name) in Marks.OrderBy(mark => mark.X))
        {
            if (at < x.Low || at > x.High)
                continue;
            var place = x.At(at);
            canvas.Line("mark", place, plot.Top - 6, place, plot.Bottom);
            // A name that would run into the last one stands a line higher.
            var width = Canvas.TextWidth(name, 12);
            var start = Math.Min(place - width / 2, canvas.Width - width - 2);
            var high = start < free;
            canvas.Text("mark-name", Math.Max(2, start), plot.Top - (high ? 24 : 10), name);
            free = high ? free : start + width + 6;
        }
    }
}
