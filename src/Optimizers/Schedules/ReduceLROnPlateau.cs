namespace GpuOptim.Optimizers.Schedules;

/// <summary>Lowers rates when a measure, of validation say, has not become better for a while.</summary>
/// <param name="optimizer">Whose rates change.</param>
/// <param name="factor">What rates are multiplied by; in [0, 1).</param>
/// <param name="patience">How many measures in a row may be no better before rates fall; 0 or more.</param>
/// <param name="threshold">By how much a measure must be better to count; 0 or more.</param>
/// <param name="isThresholdAbsolute">Whether the threshold is a difference, not a share of the best. PyTorch: <c>threshold_mode="abs"</c>.</param>
/// <param name="isMaximized">Whether more is better. PyTorch: <c>mode="max"</c>.</param>
/// <param name="cooldown">How many measures do not count after rates fell; 0 or more.</param>
/// <param name="minRate">The lowest rate; 0 or more. PyTorch: <c>min_lr</c>.</param>
/// <param name="epsilon">Rates do not change by less than this; 0 or more. PyTorch: <c>eps</c>.</param>
/// <exception cref="ArgumentNullException">There is no optimizer.</exception>
/// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
public sealed class ReduceLROnPlateau(
    Optimizer optimizer,
    double factor = 0.1,
    int patience = 10,
    double threshold = 1e-4,
    bool isThresholdAbsolute = false,
    bool isMaximized = false,
    int cooldown = 0,
    double minRate = 0,
    double epsilon = 1e-8) : ISchedule
{
    private readonly Constant<double> _factor = Constant.Within("factor", 0, Math.BitDecrement(1.0), factor);
    private readonly Constant<int> _patience = Constant.AtLeast("patience", 0, patience);
    private readonly Constant<double> _threshold = Constant.AtLeast("threshold", 0, threshold);
    private readonly Constant<bool> _isThresholdAbsolute = Constant.Choice("threshold_mode", isThresholdAbsolute, [("rel", false), ("abs", true)]);
    private readonly Constant<bool> _isMaximized = Constant.Choice("mode", isMaximized, [("min", false), ("max", true)]);
    private readonly Constant<int> _cooldown = Constant.AtLeast("cooldown", 0, cooldown);
    private readonly Constant<double> _minRate = Constant.AtLeast("min_lr", 0, minRate);
    private readonly Constant<double> _epsilon = Constant.AtLeast("eps", 0, epsilon);
    private double? _best;
    private int _badSteps;
    private int _cooldownSteps;

    /// <inheritdoc/>
    public Optimizer Optimizer { get; } = Require.NotNull(optimizer);

    /// <summary>How many measures there were.</summary>
    public int StepCount { get; private set; }

    IReadOnlyList<Constant> ISchedule.Constants => Constants;

    IReadOnlyList<ISchedule> ISchedule.Parts => [];

    private IReadOnlyList<Constant> Constants => [_factor, _patience, _threshold, _isThresholdAbsolute, _isMaximized, _cooldown, _minRate, _epsilon];

    /// <summary>Takes a measure, and lowers the rates if it is time to.</summary>
    /// <param name="measure">The measure; NaN is no better than anything.</param>
    public void Step(double measure)
    {
        StepCount++;
        if (IsBetter(measure))
            (_best, _badSteps) = (measure, 0);
        else
            _badSteps++;
        if (_cooldownSteps > 0)
            (_cooldownSteps, _badSteps) = (_cooldownSteps - 1, 0);
        if (_badSteps <= _patience)
            return;
        foreach (var group in Optimizer.Groups)
        {
            var rate = Math.Max(group.LearningRate * _factor, _minRate);
            if (group.LearningRate - rate > _epsilon)
                group.LearningRate = rate;
        }
        (_cooldownSteps, _badSteps) = (_cooldown, 0);
    }

    /// <inheritdoc/>
    public ScheduleState State() => new(
        GetType().Name,
        StepCount,
        [],
        [.. Optimizer.Groups.Select(group => group.LearningRate)],
        [],
        _best is { } best ? [_badSteps, _cooldownSteps, best] : [_badSteps, _cooldownSteps])
    {
        Constants = Constant.Save(Constants),
    };

    /// <inheritdoc/>
    public void Load(ScheduleState state, ScheduleConstants constants = ScheduleConstants.Same)
    {
        ArgumentNullException.ThrowIfNull(state);
        ThrowIfForeign(state, constants);
        Constant.TakeAll(Constants, state.Constants, constants);
        (_badSteps, _cooldownSteps, StepCount) = ((int)state.Values[0], (int)state.Values[1], state.StepCount);
        _best = state.Values.Count == 3 ? state.Values[2] : null;
        for (var i = 0; i < Optimizer.Groups.Count; i++)
            Optimizer.Groups[i].LearningRate = state.Rates[i];
    }

    void ISchedule.ThrowIfForeign(ScheduleState state, ScheduleConstants constants) => ThrowIfForeign(state, constants);

    private void ThrowIfForeign(ScheduleState state, ScheduleConstants constants)
    {
        ISchedule.ThrowIfForeign(this, state, constants, initialRates: 0, GetType().Name);
        if (state.Values.Count is not (2 or 3) || state.Values.Take(2).Any(count => count is not (>= 0 and <= int.MaxValue) || count != Math.Floor(count)))
            throw new ArgumentException($"Values of state must be two counts, and the best measure if there is one. Actual values were [{string.Join(", ", state.Values)}].", nameof(state));
    }

    private bool IsBetter(double measure)
    {
        if (_best is not { } best)
            return !double.IsNaN(measure) && measure != (_isMaximized ? double.NegativeInfinity : double.PositiveInfinity);
        if (_isThresholdAbsolute)
            return _isMaximized ? measure > best + _threshold : measure < best - _threshold;
        return _isMaximized ? measure > best * (_threshold + 1) : measure < best * (1 - _threshold);
    }
}
