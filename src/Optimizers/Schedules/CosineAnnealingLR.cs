namespace GpuOptim.Optimizers.Schedules;

/// <summary>Lets rates fall along half a cosine, and rise again if it goes on: <c>min + (initial - min) * (1 + cos(π step / maxSteps)) / 2</c>.</summary>
/// <remarks>Source: I. Loshchilov and F. Hutter, 2017, https://arxiv.org/abs/1608.03983, without restarts.</remarks>
/// <param name="optimizer">Whose rates change.</param>
/// <param name="maxSteps">Steps from the highest to the lowest rate; at least 1. PyTorch: <c>T_max</c>.</param>
/// <param name="minRate">The lowest rate; 0 or more. PyTorch: <c>eta_min</c>.</param>
/// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
public sealed class CosineAnnealingLR(Optimizer optimizer, int maxSteps, double minRate = 0) : LearningRateFormula(optimizer)
{
    private readonly Constant<int> _maxSteps = Constant.AtLeast("T_max", 1, maxSteps);
    private readonly Constant<double> _minRate = Constant.AtLeast("eta_min", 0, minRate);

    private protected override IReadOnlyList<Constant> Constants => [_maxSteps, _minRate];

    /// <inheritdoc/>
    protected override double Rate(int step, double initial, double previous)
    {
        if (step == 0)
            return previous;
        if ((step - 1 - _maxSteps) % (2 * _maxSteps) == 0)
            return previous + (initial - _minRate) * (1 - Math.Cos(Math.PI / _maxSteps)) / 2;
        return (1 + Math.Cos(Math.PI * step / _maxSteps)) / (1 + Math.Cos(Math.PI * (step - 1) / _maxSteps)) * (previous - _minRate) + _minRate;
    }

    /// <inheritdoc/>
    protected override double FirstRate(double initial) => _minRate + (initial - _minRate) * 2 / 2;
}
