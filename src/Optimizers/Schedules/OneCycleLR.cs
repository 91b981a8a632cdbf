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
    private readonly Constant<double> _maxRate = Constant.Above("max_lr", 0, maxRate);
    private readonly Constant<int> _totalSteps = Constant.AtLeast("total_steps", 1, totalSteps);
    private readonly Constant<double> _risingShare = Constant.Within("pct_start", 0, 1, risingShare);
    private readonly Constant<bool> _isLinear = Constant.Choice("anneal_strategy", isLinear, [("cos", false), ("linear", true)]);
    private readonly Constant<bool> _cyclesMomentum = Constant.Flag("cycle_momentum", cyclesMomentum);
    private readonly Constant<double> _minMomentum = Constant.Within("base_momentum", 0, Math.BitDecrement(1.0), minMomentum);
    private readonly Constant<double> _maxMomentum = Constant.Within("max_momentum", 0, Math.BitDecrement(1.0), maxMomentum);
    private readonly Constant<double> _startDivisor = Constant.Above("div_factor", 0, startDivisor);
    private readonly Constant<double> _endDivisor = Constant.Above("final_div_factor", 0, endDivisor);
    private readonly Constant<bool> _isThreePhase = Constant.Flag("three_phase", isThreePhase);

    private protected override IReadOnlyList<Constant> Constants =>
        [_maxRate, _totalSteps, _risingShare, _isLinear, _cyclesMomentum, _minMomentum, _maxMomentum, _startDivisor, _endDivisor, _isThreePhase];

    private double FirstRateOfAll => _maxRate / _startDivisor;

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The cycle is over.</exception>
    protected override double Rate(int step, double initial, double previous)
    {
        if (step > _totalSteps)
            throw new InvalidOperationException($"The cycle has {_totalSteps.Value} steps. Step {step} is beyond it.");
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
            group.InitialLearningRate = FirstRateOfAll;
    }

    private protected override void ThrowIfUnfit(ScheduleState state, ScheduleConstants constants)
    {
        if (_cyclesMomentum.After(state, constants))
            ParameterGroup.ThrowIfWithoutMomentum(Optimizer.Groups);
        if (state.StepCount > _totalSteps.After(state, constants))
            throw new ArgumentException($"StepCount of state must be at most {_totalSteps.After(state, constants)}, the steps of the cycle. Actual value was {state.StepCount}.", nameof(state));
    }

    private (Phase Phase, double Share) Locate(int step)
    {
        double start = 0, firstRate = FirstRateOfAll;
        Phase phase = new(_risingShare * _totalSteps - 1, firstRate, _maxRate, _maxMomentum, _minMomentum);
        if (step > phase.End && _isThreePhase)
        {
            start = phase.End;
            phase = new(2 * _risingShare * _totalSteps - 2, _maxRate, firstRate, _minMomentum, _maxMomentum);
        }
        if (step > phase.End)
        {
            start = phase.End;
            var lastRate = firstRate / _endDivisor;
            phase = _isThreePhase ? new(_totalSteps - 1, firstRate, lastRate, _maxMomentum, _maxMomentum) : new(_totalSteps - 1, _maxRate, lastRate, _minMomentum, _maxMomentum);
        }
        return (phase, (step - start) / (phase.End - start));
    }

    private double Between(double first, double last, double share) => _isLinear
        ? (last - first) * share + first
        : last + (first - last) / 2 * (Math.Cos(Math.PI * share) + 1);

    private readonly record struct Phase(double End, double FirstRate, double LastRate, double FirstMomentum, double LastMomentum);
}
