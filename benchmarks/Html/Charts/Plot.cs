namespace GpuOptim.Benchmarks.Html.Charts;

/// <summary>The axes of a chart, and what stands between and beside them.</summary>
/// <param name="canvas">Where to draw.</param>
/// <param name="x">The horizontal axis.</param>
/// <param name="y">The vertical one.</param>
internal sealed class Plot(Canvas canvas, Scale x, Scale y)
{
    public double Left => x.From;

    public double Right => x.To;

    public double Top => y.To;

    public double Bottom => y.From;

    /// <summary>Lays the axes into a rectangle.</summary>
    public Plot Place(double left, double right, double top, double bottom)
    {
        x.Place(left, right);
        y.Place(bottom, top);
        return this;
    }

    /// <summary>Draws the horizontal axis below.</summary>
    /// <param name="title">What it counts, and in what unit.</param>
    /// <param name="label">How a value is written.</param>
    /// <param name="ticks">What to mark, if that is not the axis' own choice.</param>
    /// <param name="grid">Whether lines go up from its marks.</param>
    public void DrawX(string title, Func<double, string> label, IReadOnlyList<double>? ticks = null, bool grid = true)
    {
        ticks ??= x.Ticks(canvas.IsNarrow ? 5 : 10);
        foreach (var tick in ticks)
        {
            var at = x.At(tick);
            if (grid)
                canvas.Line("grid", at, Top, at, Bottom);
            canvas.Line("axis", at, Bottom, at, Bottom + 4);
            canvas.Text("tick", at, Bottom + 18, label(tick), "middle");
        }
        canvas.Line("axis", Left, Bottom, Right, Bottom);
        var name = Titled(title, x);
        // In the middle of the axis, unless it is longer than that allows.
        var half = Canvas.TextWidth(name, 12.5) / 2;
        canvas.Text("axis-title", Math.Clamp((Left + Right) / 2, Math.Min(half, canvas.Width / 2), Math.Max(canvas.Width - half, canvas.Width / 2)), Bottom + 38, name, "middle");
    }

    /// <summary>Draws the vertical axis. Its title stands above it, where it is read without turning one's head.</summary>
    /// <param name="title">What it counts, and in what unit.</param>
    /// <param name="label">How a value is written.</param>
    /// <param name="above">How far above.</param>
    public void DrawY(string title, Func<double, string> label, double above = 14)
    {
        foreach (var tick in y.Ticks((int)((Bottom - Top) / 38)))
        {
            var at = y.At(tick);
            canvas.Line("grid", Left, at, Right, at);
            canvas.Text("tick", Left - 8, at + 4.5, label(tick), "end");
        }
        canvas.Text("axis-title", Left - 54, Top - above, Titled(title, y));
    }

    /// <summary>Where labels may stand that belong at some heights: pushed apart where they would touch, and kept between two limits.</summary>
    public static double[] Apart(IReadOnlyList<double> wanted, double distance, double top, double bottom)
    {
        var order = Enumerable.Range(0, wanted.Count).OrderBy(i => wanted[i]).ToArray();
        var places = new double[wanted.Count];
        var next = top;
        foreach (var i in order)
        {
            places[i] = Math.Max(wanted[i], next);
            next = places[i] + distance;
        }
        var limit = bottom;
        foreach (var i in order.Reverse())
        {
            places[i] = Math.Min(places[i], limit);
            limit = places[i] - distance;
        }
        return places;
    }

    private static string Titled(string title, Scale scale) => scale.IsLogarithmic ? $"{title} (log scale)" : title;
}
