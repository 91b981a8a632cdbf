using GpuOptim.Benchmarks.Results;

namespace GpuOptim.Benchmarks.Html.Charts;

/// <summary>A line of a chart.</summary>
/// <param name="Name">What it shows.</param>
/// <param name="Color">Its colour and shape; -1 for a bound, which is dashed and grey.</param>
/// <param name="Points">Its points, from the left to the right.</param>
/// <param name="IsStrong">Whether it is what the chart is about.</param>
internal sealed record Series(string Name, int Color, IReadOnlyList<(double X, double Y, Interval Interval)> Points, bool IsStrong = false)
{
    /// <summary>Whether it shows what the machine allows.</summary>
    public bool IsBound => Color < 0;
}
