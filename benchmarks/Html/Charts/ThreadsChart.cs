using GpuOptim.Benchmarks.Results;

namespace GpuOptim.Benchmarks.Html.Charts;

/// <summary>How many times as fast as with the fewest threads, over the number of threads.</summary>
internal sealed class ThreadsChart : LineChart
{
    /// <summary>The fewest threads.</summary>
    public required double Fewest { get; init; }

    protected override double WideWidth => 448;

    protected override string XTitle => "threads";

    protected override string YTitle => Fewest == 1 ? "times as fast as one thread" : $"times as fast as {Text.Tick(Fewest)} threads";

    protected override string Unit => "times";

    protected override Scale CreateX() => LinearScale.Over(Lines.SelectMany(line => line.Points).Select(point => point.X));

    protected override Scale CreateY() => LinearScale.Over(Lines.SelectMany(line => line.Points).SelectMany(point => (double[])[point.Y, point.Interval.High]));

    /// <summary>Twice the threads, half the time.</summary>
    protected override void DrawBehind(Canvas canvas, Scale x, Scale y)
    {
        var end = Math.Min(x.High, y.High * Fewest);
        canvas.Line("mark", x.At(0), y.At(0), x.At(end), y.At(end / Fewest));
    }

    protected override IReadOnlyList<double> XTicks(bool isNarrow)
    {
        double[] counts = [.. Lines.SelectMany(line => line.Points).Select(point => point.X).Distinct().Order()];
        // Of many, each that is twice the last one.
        var next = 0.0;
        return counts.Length <= (isNarrow ? 5 : 12) ? counts : [.. counts.Where(count => count >= next && (next = 2 * count) > 0)];
    }

    protected override string XLabel(double value) => Text.Tick(value);
}
