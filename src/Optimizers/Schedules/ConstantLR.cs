namespace GpuOptim.Optimizers.Schedules;

/// <summary>Multiplies rates by <paramref name="factor"/> until so many steps are done.</summary>
/// <param name="optimizer">Whose rates change.</param>
/// <param name="factor">The factor; in (0, 1].</param>
/// <param name="totalSteps">How many steps; 0 or more. PyTorch: <c>total_iters</c>.</param>
/// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
public sealed class ConstantLR(Optimizer optimizer, double factor = 1.0 / 3, int totalSteps = 5) : LearningRateFormula(optimizer)
{
    private readonly Constant<double> _factor = Constant.Within("factor", double.Epsilon, 1, factor);
    private readonly Constant<int> _totalSteps = Constant.AtLeast("total_iters", 0, totalSteps);

    private protected override IReadOnlyList<Constant> Constants => [_factor, _totalSteps];

    /// <inheritdoc/>
    protected override double Rate(int step, double initial, double previous) =>
        step == 0 ? previous * _factor : step == _totalSteps ? previous * (1 / _factor) : previous;
}
