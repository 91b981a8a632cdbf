using GpuOptim.Benchmarks.Results;

namespace GpuOptim.Benchmarks.Html.Charts;

/// <summary>Lines over the number of parameters, with the caches marked that these fill.</summary>
internal sealed class SizeChart : LineChart
{
    /// <summary>Where AdamW's parameters, gradients and states fill each cache.</summary>
    public required IReadOnlyList<(double X, string Name)> Caches { get; init; }

    /// <summary>What the vertical axis counts, and in what unit.</summary>
    public required string Measure { get; init; }

    public required string MeasureUnit { get; init; }

    /// <summary>Whether equal distances up are equal ratios.</summary>
    public bool IsLogarithmic { get; init; }

    protected override string XTitle => "parameters in one tensor";

    protected override string YTitle => Measure;

    protected override string Unit => MeasureUnit;

    protected override IReadOnlyList<(double X, string Name)> Marks => Caches;

    protected override Scale CreateX() => LogScale.Over(Lines.SelectMany(line => line.Points).Select(point => point.X));

    protected override Scale CreateY()
    {
        var values = Lines.SelectMany(line => line.Points).SelectMany(point => (double[])[point.Y, point.Interval.High]);
        return IsLogarithmic ? LogScale.Over(values) : LinearScale.Over(values);
    }

    protected override string XLabel(double value) => Text.Count(value);
}
