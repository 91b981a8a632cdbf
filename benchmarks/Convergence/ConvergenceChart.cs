using GpuOptim.Benchmarks.Html.Charts;
using GpuOptim.Benchmarks.Results;

namespace GpuOptim.Benchmarks.Convergence;

/// <summary>Loss over steps, and beside it over time, a row for each task.</summary>
internal sealed class ConvergenceChart : Chart
{
    private const double PlotHeight = 210, Above = 34, Below = 56;

    // As many as can be seen.
    private const int Points = 60;

    public required IReadOnlyList<TaskResult> Results { get; init; }

    protected override string Description => string.Join(" ", Results.Select(result =>
        $"Loss of {result.Task.Name} at the end: {string.Join(", ", result.Standings.Select(standing => $"{standing.Contender.Name} {Text.Number(standing.FinalLoss)}"))}."));

    /// <summary>The chart of the documentation.</summary>
    public static ConvergenceChart Of(IReadOnlyList<TaskResult> results, int seeds) => new()
    {
        Title = "What trains the hidden matrices of two small networks",
        Subtitle = $"Mean of a tenth of the steps and of {Text.Plural(seeds, "seed", "seeds")}, each at its best rate; AdamW trains all else. Dashed: its loss at the end",
        Results = results,
    };

    protected override void Draw(Canvas canvas)
    {
        var top = 0.0;
        var middle = canvas.Width / 2;
        foreach (var result in Results)
        {
            DrawPlot(canvas, result, 56, canvas.IsNarrow ? canvas.Width - 14 : middle - 12, ref top, "steps", _ => 1, advance: canvas.IsNarrow);
            DrawPlot(canvas, result, canvas.IsNarrow ? 56 : middle + 44, canvas.Width - 14, ref top, "seconds on one thread", result.StepSeconds, advance: true);
        }
        canvas.Height = Legend.Draw(canvas, top, Contender.All.Select((contender, i) => (contender.Name, (Action<double, double>)((x, y) =>
        {
            canvas.Line($"line{i}", x - 10, y, x + 10, y);
            canvas.Marker($"fill{i}", i, x, y, size: 4);
        }))));
    }

    /// <summary>Draws losses over what a step takes.</summary>
    private static void DrawPlot(Canvas canvas, TaskResult result, double left, double right, ref double top, string unit, Func<Standing, double> step, bool advance)
    {
        // From the loss of a network that has learnt nothing.
        var loss = LogScale.Over(result.Standings.SelectMany(standing => standing.Course.Append(standing.Runs[0].Losses[0])), room: 1.05);
        var length = LinearScale.Over(result.Standings.Select(standing => step(standing) * result.Task.Steps));
        var plot = new Plot(canvas, length, loss).Place(left, right, top + Above, top + Above + PlotHeight);
        plot.DrawY($"{result.Task.Name}: cross-entropy, nats", Text.Tick);
        plot.DrawX(unit, Text.Tick, length.Ticks(5), grid: false);
        canvas.Line("bound-line", plot.Left, loss.At(result.Goal), plot.Right, loss.At(result.Goal));
        foreach (var (i, standing) in result.Standings.Index().Reverse())
        {
            var last = standing.Course.Count - 1;
            var points = Enumerable.Range(0, Points + 1).Select(k => k * last / Points).Select(at => (length.At((at + standing.Window) * step(standing)), loss.At(standing.Course[at]))).ToArray();
            canvas.Path($"line{i}", points);
            canvas.Marker($"fill{i}", i, points[^1].Item1, points[^1].Item2, $"{standing.Contender.Name}: {Text.Number(standing.FinalLoss)} nats", 4);
        }
        top += advance ? Above + PlotHeight + Below : 0;
    }
}
