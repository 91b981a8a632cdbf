namespace GpuOptim.Optimizers.Schedules;

/// <summary>Multiplies rates by <paramref name="gamma"/> at given steps.</summary>
/// <param name="optimizer">Whose rates change.</param>
/// <param name="milestones">The steps, in any order; one that is there twice counts twice.</param>
/// <param name="gamma">The factor; 0 or more.</param>
/// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
public sealed class MultiStepLR(Optimizer optimizer, IReadOnlyList<int> milestones, double gamma = 0.1) : LearningRateFormula(optimizer)
{
    private readonly Constant<int[]> _milestones = Constant.Integers("milestones", [.. Require.NotNull(milestones).Order()], all => _ = Array.TrueForAll(all, milestone => Require.AtLeast(0, milestone) >= 0));
    private readonly Constant<double> _gamma = Constant.AtLeast("gamma", 0, gamma);

    private protected override IReadOnlyList<Constant> Constants => [_milestones, _gamma];

    /// <inheritdoc/>
    protected override double Rate(int step, double initial, double previous) =>
        _milestones.Value.AsSpan().Count(step) is var times and > 0 ? previous * Math.Pow(_gamma, times) : previous;
}
