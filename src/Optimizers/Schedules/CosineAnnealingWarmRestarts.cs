namespace GpuOptim.Optimizers.Schedules;

/// <summary>
/// Lets rates fall along half a cosine, again and again: <c>min + (initial - min) * (1 + cos(π t / period)) / 2</c>, t steps after a restart.
/// </summary>
/// <remarks>Source: I. Loshchilov and F. Hutter, 2017, https://arxiv.org/abs/1608.03983 (SGDR).</remarks>
/// <param name="optimizer">Whose rates change.</param>
/// <param name="firstPeriod">Steps to the first restart; at least 1. PyTorch: <c>T_0</c>.</param>
/// <param name="periodFactor">How many times longer each period is than the one before; at least 1. PyTorch: <c>T_mult</c>.</param>
/// <param name="minRate">The lowest rate; 0 or more. PyTorch: <c>eta_min</c>.</param>
/// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
public sealed class CosineAnnealingWarmRestarts(Optimizer optimizer, int firstPeriod, int periodFactor = 1, double minRate = 0) : LearningRateFormula(optimizer)
{
    private readonly Constant<int> _firstPeriod = Constant.AtLeast("T_0", 1, firstPeriod);
    private readonly Constant<int> _periodFactor = Constant.AtLeast("T_mult", 1, periodFactor);
    private readonly Constant<double> _minRate = Constant.AtLeast("eta_min", 0, minRate);

    private protected override IReadOnlyList<Constant> Constants => [_firstPeriod, _periodFactor, _minRate];

    /// <inheritdoc/>
    protected override double Rate(int step, double initial, double previous)
    {
        var (since, period) = Locate(step, _firstPeriod, _periodFactor);
        return _minRate + (initial - _minRate) * (1 + Math.Cos(Math.PI * since / period)) / 2;
    }

    /// <summary>How many steps a step is after a restart, and how many there are to the next.</summary>
    internal static (long Since, long Period) Locate(int step, int firstPeriod, int periodFactor)
    {
        long since = step, period = firstPeriod;
        if (periodFactor == 1)
            since %= period;
        while (since >= period)
        {
            since -= period;
            period *= periodFactor;
        }
        return (since, period);
    }
}
