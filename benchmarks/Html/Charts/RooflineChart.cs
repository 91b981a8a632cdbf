using GpuOptim.Benchmarks.Results;

namespace GpuOptim.Benchmarks.Html.Charts;

/// <summary>
/// What each optimizer reaches below what the machine allows: slopes are the bandwidths of memory and caches, levels the arithmetic. The
/// colour says where the data lies, the shape which optimizer it is.
/// </summary>
internal sealed class RooflineChart : Chart
{
    /// <summary>Memory first, then the caches, the largest first.</summary>
    public required IReadOnlyList<Roof> Roofs { get; init; }

    /// <summary>The peak of multiply-adds, in GFLOP/s; null if it was not measured.</summary>
    public double? Peak { get; init; }

    protected override string Description =>
        "Operations a second over operations a byte. "
        + string.Join(". ", Roofs.Select(roof => $"{roof.Name}, {Text.Number(roof.GigabytesPerSecond)} GB/s: " + string.Join(", ", roof.Points.Select(point => $"{point.Subject} {Text.Number(point.Gigaflops)} GFLOP/s"))))
        + (Peak is { } peak ? $". Peak of multiply-adds: {Text.Number(peak)} GFLOP/s." : ".");

    private IEnumerable<RoofPoint> Points => Roofs.SelectMany(roof => roof.Points);

    protected override void Draw(Canvas canvas)
    {
        var widest = Roofs.Max(roof => roof.GigabytesPerSecond);
        double[] intensities = [.. Points.Select(point => point.Intensity), .. Peak is { } most ? [most / Roofs.Min(roof => roof.GigabytesPerSecond)] : (double[])[]];
        var x = LogScale.Over(intensities, room: 1.6);
        var y = LogScale.Over([.. Points.Select(point => point.Gigaflops), .. Peak is { } top ? [top] : (double[])[x.High * widest]], room: 1.5);
        var plot = new Plot(canvas, x, y).Place(56, canvas.Width - 14, 34, canvas.IsNarrow ? 300 : 414);
        plot.DrawY("GFLOP/s", Text.Tick, above: 16);
        plot.DrawX("operations for each byte moved", Text.Tick, grid: false);

        if (Peak is { } peak)
        {
            var from = Math.Max(x.Low, peak / widest);
            canvas.Line("roof-peak", x.At(from), y.At(peak), plot.Right, y.At(peak));
            canvas.Text("label", plot.Right - 4, y.At(peak) - 8, $"peak of multiply-adds, {Text.Number(peak)}", "end");
        }
        var named = AreApart(canvas, y);
        for (var i = Roofs.Count - 1; i >= 0; i--)
            DrawRoof(canvas, x, y, i, named);
        DrawDividers(canvas, x, y);
        string[] subjects = [.. Points.Select(point => point.Subject).Distinct()];
        for (var i = Roofs.Count - 1; i >= 0; i--)
        {
            foreach (var point in Roofs[i].Points)
            {
                var tip = $"{point.Subject}, {Roofs[i].Name}: {Text.Number(point.Gigaflops)} GFLOP/s at {Text.Number(point.Intensity)} operations a byte";
                canvas.Marker($"fill{i}", Array.IndexOf(subjects, point.Subject), x.At(point.Intensity), y.At(point.Gigaflops), tip, 5);
            }
        }
        canvas.Height = Legend.Draw(canvas, plot.Bottom + 46, Signs(canvas, subjects, named));
    }

    private static IEnumerable<(string, Action<double, double>)> Shapes(Canvas canvas, string[] subjects) =>
        subjects.Select((subject, i) => (subject, (Action<double, double>)((x, y) => canvas.Marker("fill-bound", i, x, y, size: 5))));

    private IEnumerable<(string, Action<double, double>)> Signs(Canvas canvas, string[] subjects, bool named)
    {
        IEnumerable<(string, Action<double, double>)> roofs = named ? [] : Roofs.Select((roof, i) => (
            $"{roof.Name}, {Text.Number(roof.GigabytesPerSecond)} GB/s",
            (Action<double, double>)((x, y) => canvas.Line($"line{i}", x - 10, y, x + 10, y))));
        var signs = roofs.Concat(Shapes(canvas, subjects));
        return Points.Any(point => point.Divider is not null) ? signs.Append(("what the divide unit allows", (x, y) => canvas.Line("bound", x - 9, y, x + 9, y))) : signs;
    }

    /// <summary>Whether there is room for names between the slopes.</summary>
    private bool AreApart(Canvas canvas, LogScale y) =>
        !canvas.IsNarrow && Roofs.Zip(Roofs.Skip(1)).All(pair => Math.Abs(y.At(y.Low) - y.At(y.Low * Math.Clamp(pair.Second.GigabytesPerSecond / pair.First.GigabytesPerSecond, 1, y.High / y.Low))) > 26);

    /// <summary>A slope from the left until it meets the peak, or leaves the plot.</summary>
    private void DrawRoof(Canvas canvas, LogScale x, LogScale y, int color, bool named)
    {
        var bandwidth = Roofs[color].GigabytesPerSecond;
        var from = Math.Max(x.Low, y.Low / bandwidth);
        var to = Math.Min(x.High, (Peak ?? y.High) / bandwidth);
        if (!(to > from))
            return;
        canvas.Line($"line{color}", x.At(from), y.At(from * bandwidth), x.At(to), y.At(to * bandwidth));
        if (!named)
            return;
        // The name lies on the slope, a little before its upper end.
        var slope = Math.Atan2(y.At(to * bandwidth) - y.At(from * bandwidth), x.At(to) - x.At(from));
        var (along, above) = (-30.0, -6.0);
        canvas.Text(
            $"text{color}",
            x.At(to) + along * Math.Cos(slope) - above * Math.Sin(slope),
            y.At(to * bandwidth) + along * Math.Sin(slope) + above * Math.Cos(slope),
            $"{Roofs[color].Name}, {Text.Number(bandwidth)} GB/s",
            "end",
            slope * 180 / Math.PI);
    }

    private void DrawDividers(Canvas canvas, LogScale x, LogScale y)
    {
        foreach (var point in Points.Where(point => point.Divider is not null).GroupBy(point => point.Subject).Select(points => points.MaxBy(point => point.Divider)!))
        {
            var (at, level) = (x.At(point.Intensity), y.At(point.Divider!.Value));
            if (point.Divider > y.Low && point.Divider < y.High)
                canvas.Line("bound", at - 11, level, at + 11, level);
        }
    }
}
