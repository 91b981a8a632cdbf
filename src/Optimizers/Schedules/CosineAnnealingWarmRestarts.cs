namespace GpuOptim.Optimizers.Schedules;

/// <summary>Lets rates fall along half a cosine, again and again: <c>min + (initial - min) * (1 + cos(π t / period)) / 2</c>, t steps after a restart.</summary>
/// <remarks>Source: I. Loshchilov and F. Hutter, 2017, https://arxiv.org/abs/1608.03983 (SGDR).</remarks>
/// <param name="optimizer">Whose rates change.</param>
/// <param name="firstPeriod">Steps to the first restart; at least 1. PyTorch: <c>T_0</c>.</param>
/// <param name="periodFactor">How many times longer each period is than the one before; at least 1. PyTorch: <c>T_mult</c>.</param>
/// <param name="minRate">The lowest rate; 0 or more. PyTorch: <c>eta_min</c>.</param>
/// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
public sealed class CosineAnnealingWarmRestarts(Optimizer optimizer, int firstPeriod, int periodFactor = 1, double minRate = 0) : LearningRateFormula(optimizer)
{
    private readonly int _firstPeriod = Require.AtLeast(1, firstPeriod);
    private readonly int _periodFactor = Require.AtLeast(1, periodFactor);
    private readonly double _minRate = Require.AtLeast(0, minRate);

    /// <inheritdoc/>
    protected override double Rate(int step, double initial, double previous)
    {
        long since = step, period = _firstPeriod;
        if (_periodFactor == 1)
            since %= period;
        while (since >= period)
        {
            since -= period;
            period *= _periodFactor;
        }
        return _minRate + (initial - _minRate) * (1 + Math.Cos(Math.PI * since / period)) / 2;
    }
}
