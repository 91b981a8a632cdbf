namespace GpuOptim.Optimizers.Schedules;

/// <summary>Multiplies rates by <paramref name="gamma"/> at given steps.</summary>
/// <param name="optimizer">Whose rates change.</param>
/// <param name="milestones">The steps, in any order; one that is there twice counts twice.</param>
/// <param name="gamma">The factor; 0 or more.</param>
/// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
public sealed class MultiStepLR(Optimizer optimizer, IReadOnlyList<int> milestones, double gamma = 0.1) : LearningRateFormula(optimizer)
{
    private readonly Dictionary<int, int> _milestones = Require.NotNull(milestones).CountBy(milestone => Require.AtLeast(0, milestone)).ToDictionary();
    private readonly double _gamma = Require.AtLeast(0, gamma);

    /// <inheritdoc/>
    protected override double Rate(int step, double initial, double previous) =>
        _milestones.TryGetValue(step, out var times) ? previous * Math.Pow(_gamma, times) : previous;
}
