using GpuOptim.Benchmarks.Results;

namespace GpuOptim.Benchmarks.Html.Charts;

/// <summary>Contestants side by side, by what they did.</summary>
internal abstract class GroupChart : Chart
{
    public required IReadOnlyList<BarGroup> Groups { get; init; }

    /// <summary>What the axis counts, and in what unit.</summary>
    public required string Axis { get; init; }

    /// <summary>The unit alone.</summary>
    public required string Unit { get; init; }

    /// <summary>Whether more is better.</summary>
    public bool MoreIsBetter { get; init; }

    /// <summary>What stands for a contestant: bars, dots.</summary>
    protected abstract string Marks { get; }

    protected sealed override string Description =>
        $"{Marks} of {Axis}. " + string.Join(". ", Groups.Select(group => group.Name + ": " + string.Join(", ", group.Bars.Select(bar => $"{bar.By} {Text.Number(bar.Value)}")))) + ".";
}
