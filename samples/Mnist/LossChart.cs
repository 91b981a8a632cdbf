using System.Globalization;
using System.Security;
using System.Text;

namespace GpuOptim.Samples.Mnist;

/// <summary>
/// Draws loss curves as an SVG that stands alone: logarithmic loss over epochs or steps, one line an optimizer, named at its end. It
/// follows the reader's light or dark theme.
/// </summary>
internal sealed class LossChart
{
    private const double Width = 900, Height = 500, Left = 76, Top = 74, Bottom = 60;

    /// <summary>Hues that stay apart for colour-blind readers (after Okabe and Ito), for light and for dark paper.</summary>
    private static readonly (string Light, string Dark)[] _colors =
    [
        ("#0072b2", "#56b4e9"), ("#d55e00", "#ff8f4a"), ("#00805c", "#2fcf9f"), ("#b0528a", "#e79ac6"), ("#8a6d00", "#f0d24a"), ("#4d4d4d", "#c9c9c9"),
    ];

    private static readonly (string Light, string Dark) _paper = ("#ffffff", "#0d1117"), _ink = ("#1f2328", "#e6edf3"), _faint = ("#59636e", "#9198a1"), _grid = ("#e4e7eb", "#262c34");

    private readonly IReadOnlyList<(Curve Curve, double[] Losses)> _series;
    private readonly int _length;
    private readonly string _unit;
    private readonly string _subtitle;
    private readonly double _right;
    private readonly double _logLow;
    private readonly double _logHigh;

    /// <summary>A chart of some curves.</summary>
    /// <param name="curves">What it shows.</param>
    /// <param name="length">How long they are.</param>
    /// <param name="unit">In what that is counted.</param>
    /// <param name="points">How many points to draw of each.</param>
    /// <param name="subtitle">What was trained, and how.</param>
    public LossChart(IReadOnlyList<Curve> curves, int length, string unit, int points, string subtitle)
    {
        _series = [.. curves.Select(curve => (curve, Smooth(curve.Losses, points)))];
        (_length, _unit, _subtitle) = (length, unit, subtitle);
        _right = Math.Max(196, 88 + 9.5 * curves.Max(curve => curve.Name.Length));
        _logLow = Math.Log10(Math.Max(1e-6, _series.Min(series => series.Losses.Min()))) - 0.05;
        _logHigh = Math.Log10(_series.Max(series => series.Losses.Max())) + 0.05;
    }

    private static double PlotHeight => Height - Top - Bottom;

    private double PlotWidth => Width - Left - _right;

    public override string ToString()
    {
        var svg = new StringBuilder();
        // Colors are attributes, which every viewer knows; dark ones override them where style sheets are read.
        svg.AppendLine(CultureInfo.InvariantCulture, $$"""
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {{Width}} {{Height}}" font-family="system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif" font-size="14" fill="{{_faint.Light}}" role="img" aria-label="Training loss of {{_series.Count}} optimizers over {{_length}} {{_unit}}">
            <style>
            @media (prefers-color-scheme: dark) {
            svg { fill: {{_faint.Dark}}; }
            .paper { fill: {{_paper.Dark}}; }
            .title { fill: {{_ink.Dark}}; }
            .grid { stroke: {{_grid.Dark}}; }
            {{string.Join('\n', _colors.Select((color, i) => $".line{i} {{ stroke: {color.Dark}; }} .name{i} {{ fill: {color.Dark}; }}"))}}
            }
            </style>
            <rect class="paper" width="100%" height="100%" fill="{{_paper.Light}}"/>
            <text class="title" x="{{Left}}" y="32" font-size="19" font-weight="600" fill="{{_ink.Light}}">Training loss on MNIST</text>
            <text x="{{Left}}" y="54">{{SecurityElement.Escape(_subtitle)}}</text>
            """);
        DrawAxes(svg);
        DrawLines(svg);
        svg.AppendLine("</svg>");
        return svg.ToString();
    }

    /// <summary>Means over equal stretches of a run, so that the noise of single batches does not hide its course.</summary>
    private static double[] Smooth(List<float> losses, int points)
    {
        var count = Math.Min(points, losses.Count);
        return [.. Enumerable.Range(0, count).Select(i => (double)losses[(i * losses.Count / count)..((i + 1) * losses.Count / count)].Average())];
    }

    /// <summary>The next number that people like to count by: 1, 2 or 5, and zeros.</summary>
    private static int RoundUp(double distance)
    {
        var zeros = Math.Pow(10, Math.Max(0, Math.Floor(Math.Log10(distance))));
        return (int)(zeros * ((distance / zeros) switch { <= 1 => 1, <= 2 => 2, <= 5 => 5, _ => 10 }));
    }

    private static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    private double X(double at) => Left + at / _length * PlotWidth;

    private double Y(double loss) => Top + (_logHigh - Math.Log10(Math.Max(1e-6, loss))) / (_logHigh - _logLow) * PlotHeight;

    private void DrawAxes(StringBuilder svg)
    {
        for (var exponent = -6; exponent <= 2; exponent++)
        {
            foreach (var digit in new[] { 1, 2, 5 })
            {
                var loss = digit * Math.Pow(10, exponent);
                if (Math.Log10(loss) < _logLow || Math.Log10(loss) > _logHigh)
                    continue;
                svg.AppendLine(CultureInfo.InvariantCulture, $"""<path class="grid" stroke="{_grid.Light}" d="M{Left} {Number(Y(loss))}h{PlotWidth}"/><text x="{Left - 10}" y="{Number(Y(loss) + 5)}" text-anchor="end">{loss:G1}</text>""");
            }
        }
        var every = RoundUp(_length / 12.0);
        for (var at = 0; at <= _length; at += every)
            svg.AppendLine(CultureInfo.InvariantCulture, $"""<path class="grid" stroke="{_grid.Light}" d="M{Number(X(at))} {Top}v{PlotHeight}"/><text x="{Number(X(at))}" y="{Top + PlotHeight + 22}" text-anchor="middle">{at}</text>""");
        svg.AppendLine(CultureInfo.InvariantCulture, $"""
            <text x="{Left + PlotWidth / 2}" y="{Height - 14}" text-anchor="middle">{_unit}</text>
            <text transform="translate(20 {Top + PlotHeight / 2}) rotate(-90)" text-anchor="middle">cross-entropy, nats</text>
            <text x="{Width - 16}" y="{Top - 10}" text-anchor="end">test accuracy</text>
            """);
    }

    private void DrawLines(StringBuilder svg)
    {
        var order = Enumerable.Range(0, _series.Count).OrderByDescending(i => _series[i].Losses[^1]).ToArray();
        var labels = LabelPositions([.. order.Select(i => Y(_series[i].Losses[^1]) + 5)]);
        foreach (var (index, label) in order.Zip(labels).OrderByDescending(line => _series[line.First].Curve.IsBand))
        {
            var (curve, losses) = _series[index];
            var hue = index % _colors.Length;
            var color = _colors[hue].Light;
            var points = losses.Select((loss, i) => $"{Number(X((i + 0.5) / losses.Length * _length))},{Number(Y(loss))}");
            svg.AppendLine(CultureInfo.InvariantCulture, $"""
                <polyline class="line{hue}" fill="none" stroke="{color}" {(curve.IsBand ? "stroke-width=\"9\" stroke-opacity=\"0.35\"" : "stroke-width=\"2.2\"")} stroke-linejoin="round" stroke-linecap="round" points="{string.Join(' ', points)}"/>
                <text class="name{hue}" font-weight="600" fill="{color}" x="{Width - _right + 14}" y="{Number(label)}">{SecurityElement.Escape(curve.Name)}</text>
                <text x="{Width - 16}" y="{Number(label)}" text-anchor="end">{curve.Accuracy:P1}</text>
                """);
        }
    }

    /// <summary>Names stand at the ends of their lines, pushed apart where they would touch and kept inside the plot.</summary>
    private static double[] LabelPositions(double[] wanted)
    {
        const double Distance = 20;
        for (var i = 1; i < wanted.Length; i++)
            wanted[i] = Math.Max(wanted[i], wanted[i - 1] + Distance);
        var limit = Top + PlotHeight + 4;
        for (var i = wanted.Length - 1; i >= 0; i--, limit -= Distance)
            wanted[i] = Math.Min(wanted[i], limit);
        return wanted;
    }
}
