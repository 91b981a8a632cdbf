namespace GpuOptim.Optimizers.Schedules;

/// <summary>What a <see cref="ReduceLROnPlateau"/> remembers.</summary>
/// <param name="Best">The best measure so far; null before the first.</param>
/// <param name="BadSteps">How many measures in a row were no better.</param>
/// <param name="CooldownSteps">How many measures will not count yet.</param>
/// <param name="StepCount">How many measures there were.</param>
/// <param name="Rates">For each group, its rate now.</param>
public sealed record PlateauState(double? Best, int BadSteps, int CooldownSteps, int StepCount, IReadOnlyList<double> Rates);
