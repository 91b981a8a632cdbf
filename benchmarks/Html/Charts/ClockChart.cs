using GpuOptim.Benchmarks.Results;

namespace GpuOptim.Benchmarks.Html.Charts;

/// <summary>How much slower than at its best the machine computed in each round, whatever was measured.</summary>
internal sealed class ClockChart : Chart
{
    /// <summary>By how much, as a share, in the order of the report.</summary>
    public required IReadOnlyList<double> Slower { get; init; }

    protected override string Description => $"{Slower.Count} rounds, at most {Text.Percent(Slower.Max())} slower than the fastest.";

    protected override void Draw(Canvas canvas)
    {
        var x = new LinearScale(Slower.Count + 1);
        // A still machine is not to look wild: the axis never shows less than a few percent.
        var y = new LinearScale(Math.Max(0.04, Slower.Max() * 1.05));
        var plot = new Plot(canvas, x, y).Place(56, canvas.Width - 14, 34, 154);
        plot.DrawY("slower than the fastest round", share => $"{Text.Tick(Math.Round(share * 100, 6))}\u00A0%", above: 16);
        plot.DrawX("rounds of the register-only loop, race after race", Text.Tick, grid: false);
        foreach (var (i, slower) in Slower.Index())
            canvas.Marker("clock", 0, x.At(i + 1), y.At(slower), size: canvas.IsNarrow ? 1.4 : 1.8);
        canvas.Height = plot.Bottom + 46;
    }
}
