using GpuOptim.Benchmarks.Html.Charts;
using GpuOptim.Benchmarks.Results;

namespace GpuOptim.Benchmarks.Precision;

/// <summary>A row for each mode, with a dot for each seed, before the band that float32's seeds span.</summary>
internal sealed class PrecisionChart : Chart
{
    private const double RowHeight = 25;

    public required IReadOnlyList<Comparison> Rows { get; init; }

    protected override string Description => string.Join(". ", Rows.Select(row => $"{row.Name}: {string.Join(", ", row.Outcomes.Select(outcome => Text.Number(outcome.Loss)))}")) + ".";

    /// <summary>The chart of the documentation.</summary>
    public static PrecisionChart Of(PrecisionStudy study) => new()
    {
        Title = "Training loss of a network kept in fewer bits",
        Subtitle = study.Description,
        Rows = study.Modes,
    };

    protected override void Draw(Canvas canvas)
    {
        var left = Rows.Max(row => Canvas.TextWidth(row.Name)) + 16;
        const double Gutter = 96, Top = 28;
        var loss = LogScale.Over(Rows.SelectMany(row => row.Outcomes).Select(outcome => outcome.Loss), room: 1.1);
        var plot = new Plot(canvas, loss, new LinearScale(1)).Place(left, canvas.Width - Gutter, Top, Top + Rows.Count * RowHeight);
        plot.DrawX("cross-entropy of all training digits at the end, nats; a dot a seed", Text.Tick, Ticks(loss));
        canvas.Text("tick", canvas.Width - 2, Top - 14, "test accuracy", "end");
        var seeds = Rows[0].Reference.Select(outcome => outcome.Loss).ToArray();
        foreach (var bound in new[] { seeds.Min(), seeds.Max() })
            canvas.Line("bound-line", loss.At(bound), Top - 4, loss.At(bound), plot.Bottom);
        canvas.Text("tick", loss.At(Math.Sqrt(seeds.Min() * seeds.Max())), Top - 14, "float32's seeds", "middle");
        var y = Top + RowHeight / 2;
        foreach (var row in Rows)
        {
            var color = row.Verdict == "yes" ? 0 : 1;
            canvas.Text("label", left - 12, y + 4.5, row.Name, "end");
            foreach (var outcome in row.Outcomes)
                canvas.Marker($"fill{color}", color, loss.At(outcome.Loss), y, $"{row.Name}: {Text.Number(outcome.Loss)} nats", 4);
            canvas.Text("label", canvas.Width - 2, y + 4.5, $"{Text.Number(row.Accuracy * 100, 2)} %", "end");
            y += RowHeight;
        }
        canvas.Height = Legend.Draw(canvas, plot.Bottom + 46,
        [
            ("mean loss and accuracy within float32's seeds", (x, at) => canvas.Marker("fill0", 0, x, at, size: 4)),
            ("one of them outside", (x, at) => canvas.Marker("fill1", 1, x, at, size: 4)),
        ]);
    }

    /// <summary>More than whole numbers, where all losses lie near to each other.</summary>
    private static double[]? Ticks(LogScale loss)
    {
        double[] ticks =
        [
            .. from exponent in Enumerable.Range(-6, 8)
               from digits in (double[])[1, 1.2, 1.5, 2, 3, 4, 5, 6, 7, 8, 9]
               let tick = digits * Math.Pow(10, exponent)
               where tick >= loss.Low && tick <= loss.High
               select tick,
        ];
        return ticks.Length > 10 ? null : ticks;
    }
}
