namespace GpuOptim.Optimizers.Schedules;

/// <summary>Raises rates to a maximum and lets them fall far below where they began, while momentum does the opposite.</summary>
/// <remarks>Source: L. Smith and N. Topin, 2018, https://arxiv.org/abs/1708.07120; with PyTorch's defaults.</remarks>
/// <param name="optimizer">Whose rates change.</param>
/// <param name="maxRate">The highest rate, of all groups; above 0. PyTorch: <c>max_lr</c>.</param>
/// <param name="totalSteps">Steps of the cycle, the first included; at least 1. PyTorch: <c>total_steps</c>.</param>
/// <param name="risingShare">The share of the steps in which rates rise; in [0, 1]. PyTorch: <c>pct_start</c>.</param>
/// <param name="isLinear">Along lines, not cosines. PyTorch: <c>anneal_strategy="linear"</c>.</param>
/// <param name="cyclesMomentum">Whether momentum, or Adam's first beta, changes, too. PyTorch: <c>cycle_momentum</c>.</param>
/// <param name="minMomentum">The lowest momentum; in [0, 1). PyTorch: <c>base_momentum</c>.</param>
/// <param name="maxMomentum">The highest momentum; in [0, 1). PyTorch: <c>max_momentum</c>.</param>
/// <param name="startDivisor">The highest rate by the first; above 0. PyTorch: <c>div_factor</c>.</param>
/// <param name="endDivisor">The first rate by the last; above 0. PyTorch: <c>final_div_factor</c>.</param>
/// <param name="isThreePhase">Fall to the first rate as fast as it rose, and only then to the last. PyTorch: <c>three_phase</c>.</param>
/// <exception cref="ArgumentException">The optimizer has no momentum that could change.</exception>
/// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
public sealed class OneCycleLR(
    Optimizer optimizer,
    double maxRate,
    int totalSteps,
    double risingShare = 0.3,
    bool isLinear = false,
    bool cyclesMomentum = true,
    double minMomentum = 0.85,
    double maxMomentum = 0.95,
    double startDivisor = 25,
    double endDivisor = 1e4,
    bool isThreePhase = false) : LearningRateFormula(optimizer)
{
    private readonly double _firstRate = Require.Above(0, maxRate) / Require.Above(0, startDivisor);
    private readonly int _totalSteps = Require.AtLeast(1, totalSteps);
    private readonly bool _isLinear = isLinear;
    private readonly bool _cyclesMomentum = cyclesMomentum;
    private readonly Phase[] _phases = Phases(
        maxRate,
        totalSteps,
        Require.Within(0, 1, risingShare),
        Require.Within(0, Math.BitDecrement(1.0), minMomentum),
        Require.Within(0, Math.BitDecrement(1.0), maxMomentum),
        maxRate / startDivisor,
        Require.Above(0, endDivisor),
        isThreePhase);

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The cycle is over.</exception>
    protected override double Rate(int step, double initial, double previous)
    {
        if (step > _totalSteps)
            throw new InvalidOperationException($"The cycle has {_totalSteps} steps. Step {step} is beyond it.");
        var (phase, share) = Locate(step);
        return Between(phase.FirstRate, phase.LastRate, share);
    }

    /// <inheritdoc/>
    protected override double? Momentum(int step)
    {
        if (!_cyclesMomentum)
            return null;
        var (phase, share) = Locate(step);
        return Between(phase.FirstMomentum, phase.LastMomentum, share);
    }

    private protected override void Prepare()
    {
        if (_cyclesMomentum)
            ParameterGroup.ThrowIfWithoutMomentum(Optimizer.Groups);
        foreach (var group in Optimizer.Groups)
            group.InitialLearningRate = _firstRate;
    }

    private static Phase[] Phases(
        double maxRate, int totalSteps, double risingShare, double minMomentum, double maxMomentum, double firstRate, double endDivisor, bool isThreePhase)
    {
        var lastRate = firstRate / endDivisor;
        Phase rise = new(risingShare * totalSteps - 1, firstRate, maxRate, maxMomentum, minMomentum);
        return isThreePhase
            ? [rise, new(2 * risingShare * totalSteps - 2, maxRate, firstRate, minMomentum, maxMomentum), new(totalSteps - 1, firstRate, lastRate, maxMomentum, maxMomentum)]
            : [rise, new(totalSteps - 1, maxRate, lastRate, minMomentum, maxMomentum)];
    }

    private (Phase Phase, double Share) Locate(int step)
    {
        var start = 0.0;
        for (var i = 0; ; i++)
        {
            if (step <= _phases[i].End || i == _phases.Length - 1)
                return (_phases[i], (step - start) / (_phases[i].End - start));
            start = _phases[i].End;
        }
    }

    private double Between(double first, double last, double share) => _isLinear
        ? (last - first) * share + first
        : last + (first - last) / 2 * (Math.Cos(Math.PI * share) + 1);

    private readonly record struct Phase(double End, double FirstRate, double LastRate, double FirstMomentum, double LastMomentum);
}
