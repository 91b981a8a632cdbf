using GpuOptim.Benchmarks.Results;

namespace GpuOptim.Benchmarks.Html.Charts;

/// <summary>A line of a chart.</summary>
/// <param name="Name">What it shows.</param>
/// <param name="Color">Its colour and shape; -1 for a bound, which is dashed and grey.</param>
/// <param name="Points">Its points, from the left to the right.</param>
internal sealed record Series(string Name, int Color, IReadOnlyList<(double X, double Y, Interval Interval)> Points)
{
    /// <summary>Whether it shows what the machine allows.</summary>
    public bool IsBound => Color < 0;
}
