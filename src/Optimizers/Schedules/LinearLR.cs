namespace GpuOptim.Optimizers.Schedules;

/// <summary>Changes the factor of rates from one number to another along a line: a warmup, for instance.</summary>
/// <param name="optimizer">Whose rates change.</param>
/// <param name="startFactor">The factor at first; in (0, 1]. PyTorch: <c>start_factor</c>.</param>
/// <param name="endFactor">The factor at last; in [0, 1]. PyTorch: <c>end_factor</c>.</param>
/// <param name="totalSteps">How many steps it takes; at least 1. PyTorch: <c>total_iters</c>.</param>
/// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
public sealed class LinearLR(Optimizer optimizer, double startFactor = 1.0 / 3, double endFactor = 1, int totalSteps = 5) : LearningRateFormula(optimizer)
{
    private readonly Constant<double> _startFactor = Constant.Within("start_factor", double.Epsilon, 1, startFactor);
    private readonly Constant<double> _endFactor = Constant.Within("end_factor", 0, 1, endFactor);
    private readonly Constant<int> _totalSteps = Constant.AtLeast("total_iters", 1, totalSteps);

    private protected override IReadOnlyList<Constant> Constants => [_startFactor, _endFactor, _totalSteps];

    /// <inheritdoc/>
    protected override double Rate(int step, double initial, double previous)
    {
        if (step == 0)
            return previous * _startFactor;
        return step > _totalSteps ? previous : previous * (1 + (_endFactor - _startFactor) / (_totalSteps * _startFactor + (step - 1) * (_endFactor - _startFactor)));
    }
}
