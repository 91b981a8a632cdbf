namespace GpuOptim.Optimizers.Schedules;

/// <summary>Lets rates rise and fall along lines, again and again, while momentum does the opposite.</summary>
/// <remarks>Source: L. Smith, 2017, https://arxiv.org/abs/1506.01186; with PyTorch's defaults.</remarks>
/// <param name="optimizer">Whose rates change.</param>
/// <param name="minRate">The lowest rate, of all groups; 0 or more. PyTorch: <c>base_lr</c>.</param>
/// <param name="maxRate">The highest rate, of all groups; 0 or more. PyTorch: <c>max_lr</c>.</param>
/// <param name="stepsUp">Steps of rising; at least 1. PyTorch: <c>step_size_up</c>.</param>
/// <param name="stepsDown">Steps of falling; at least 1, as many as of rising if null. PyTorch: <c>step_size_down</c>.</param>
/// <param name="mode">How the height of the cycles changes.</param>
/// <param name="gamma">The factor of <see cref="CyclicMode.ExponentialRange"/>; 0 or more.</param>
/// <param name="cyclesMomentum">Whether momentum, or Adam's first beta, changes, too. PyTorch: <c>cycle_momentum</c>.</param>
/// <param name="minMomentum">The lowest momentum; in [0, 1). PyTorch: <c>base_momentum</c>.</param>
/// <param name="maxMomentum">The highest momentum; in [0, 1). PyTorch: <c>max_momentum</c>.</param>
/// <exception cref="ArgumentException">The optimizer has no momentum that could change.</exception>
/// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
public sealed class CyclicLR(
    Optimizer optimizer,
    double minRate,
    double maxRate,
    int stepsUp = 2000,
    int? stepsDown = null,
    CyclicMode mode = CyclicMode.Triangular,
    double gamma = 1,
    bool cyclesMomentum = true,
    double minMomentum = 0.8,
    double maxMomentum = 0.9) : LearningRateFormula(optimizer)
{
    private readonly Constant<double> _minRate = Constant.AtLeast("base_lr", 0, minRate);
    private readonly Constant<double> _maxRate = Constant.AtLeast("max_lr", 0, maxRate);
    private readonly Constant<int> _stepsUp = Constant.AtLeast("step_size_up", 1, stepsUp);
    private readonly Constant<int> _stepsDown = Constant.AtLeast("step_size_down", 1, stepsDown ?? stepsUp, nameof(stepsDown));
    private readonly Constant<CyclicMode> _mode = Constant.Choice("mode", mode, [("triangular", CyclicMode.Triangular), ("triangular2", CyclicMode.Triangular2), ("exp_range", CyclicMode.ExponentialRange)]);
    private readonly Constant<double> _gamma = Constant.AtLeast("gamma", 0, gamma);
    private readonly Constant<bool> _cyclesMomentum = Constant.Flag("cycle_momentum", cyclesMomentum);
    private readonly Constant<double> _minMomentum = Constant.Within("base_momentum", 0, Math.BitDecrement(1.0), minMomentum);
    private readonly Constant<double> _maxMomentum = Constant.Within("max_momentum", 0, Math.BitDecrement(1.0), maxMomentum);

    private protected override IReadOnlyList<Constant> Constants => [_minRate, _maxRate, _stepsUp, _stepsDown, _mode, _gamma, _cyclesMomentum, _minMomentum, _maxMomentum];

    /// <inheritdoc/>
    protected override double Rate(int step, double initial, double previous)
    {
        var (cycle, share) = Locate(step);
        return _minRate + (_maxRate - _minRate) * share * Height(step, cycle);
    }

    /// <inheritdoc/>
    protected override double? Momentum(int step)
    {
        if (!_cyclesMomentum)
            return null;
        var (cycle, share) = Locate(step);
        return _maxMomentum - (_maxMomentum - _minMomentum) * share * Height(step, cycle);
    }

    private protected override void Prepare()
    {
        if (_cyclesMomentum)
            ParameterGroup.ThrowIfWithoutMomentum(Optimizer.Groups);
        foreach (var group in Optimizer.Groups)
        {
            group.LearningRate = _minRate;
            group.InitialLearningRate ??= _minRate;
        }
    }

    private protected override void ThrowIfUnfit(ScheduleState state, ScheduleConstants constants)
    {
        if (_cyclesMomentum.After(state, constants))
            ParameterGroup.ThrowIfWithoutMomentum(Optimizer.Groups);
    }

    private (double Cycle, double Share) Locate(int step)
    {
        var totalSteps = (double)_stepsUp + _stepsDown;
        var risingShare = _stepsUp / totalSteps;
        var cycle = Math.Floor(1 + step / totalSteps);
        var place = 1 + step / totalSteps - cycle;
        return (cycle, place <= risingShare ? place / risingShare : (place - 1) / (risingShare - 1));
    }

    private double Height(int step, double cycle) => _mode.Value switch
    {
        CyclicMode.Triangular2 => 1 / Math.Pow(2, cycle - 1),
        CyclicMode.ExponentialRange => Math.Pow(_gamma, step),
        _ => 1,
    };
}
