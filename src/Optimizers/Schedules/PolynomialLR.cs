namespace GpuOptim.Optimizers.Schedules;

/// <summary>Lets rates fall to 0: <c>initial * (1 - step / totalSteps) ^ power</c>.</summary>
/// <param name="optimizer">Whose rates change.</param>
/// <param name="totalSteps">How many steps it takes; at least 1. PyTorch: <c>total_iters</c>.</param>
/// <param name="power">The polynomial's; above 0.</param>
/// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
public sealed class PolynomialLR(Optimizer optimizer, int totalSteps = 5, double power = 1) : LearningRateFormula(optimizer)
{
    private readonly Constant<int> _totalSteps = Constant.AtLeast("total_iters", 1, totalSteps);
    private readonly Constant<double> _power = Constant.Above("power", 0, power);

    private protected override IReadOnlyList<Constant> Constants => [_totalSteps, _power];

    /// <inheritdoc/>
    protected override double Rate(int step, double initial, double previous) => step == 0 || step > _totalSteps
        ? previous
        : previous * Math.Pow((1 - (double)step / _totalSteps) / (1 - (double)(step - 1) / _totalSteps), _power);
}
