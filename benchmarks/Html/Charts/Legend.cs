namespace GpuOptim.Benchmarks.Html.Charts;

/// <summary>Says what shapes, colours and lines stand for, in rows below a chart.</summary>
internal static class Legend
{
    /// <summary>Draws entries from the left to the right, and on.</summary>
    /// <param name="canvas">Where to draw.</param>
    /// <param name="top">Where the first row starts.</param>
    /// <param name="entries">What each says, and how its sign is drawn around a place.</param>
    /// <returns>Where the last row ends.</returns>
    public static double Draw(Canvas canvas, double top, IEnumerable<(string Text, Action<double, double> Sign)> entries)
    {
        const double Sign = 26, Gap = 18;
        double x = 2, y = top + Canvas.LineHeight / 2;
        foreach (var (text, sign) in entries)
        {
            var width = Sign + Canvas.TextWidth(text);
            if (x > 2 && x + width > canvas.Width)
                (x, y) = (2, y + Canvas.LineHeight + 2);
            sign(x + 10, y);
            canvas.Text("label", x + Sign, y + 4.5, text);
            x += width + Gap;
        }
        return y + Canvas.LineHeight / 2;
    }
}
