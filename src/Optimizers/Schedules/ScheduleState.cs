using GpuOptim.Optimizers.Checkpoints;

namespace GpuOptim.Optimizers.Schedules;

/// <summary>A schedule's state.</summary>
/// <param name="Kind">The kind of schedule, for instance <c>StepLR</c>.</param>
/// <param name="StepCount">How often it stepped.</param>
/// <param name="InitialRates">For each group, the rate that it started from.</param>
/// <param name="Rates">For each group, its rate now.</param>
/// <param name="Parts">The states of the schedules that it is made of.</param>
/// <param name="Values">Numbers that its kind remembers besides.</param>
public sealed record ScheduleState(
    string Kind, int StepCount, IReadOnlyList<double> InitialRates, IReadOnlyList<double> Rates, IReadOnlyList<ScheduleState> Parts, IReadOnlyList<double> Values)
{
    /// <summary>The schedule's constants by PyTorch's names; one that is missing is not compared, and null, as in checkpoints of old, has none.</summary>
    public HyperParameters? Constants { get; init; }
}
