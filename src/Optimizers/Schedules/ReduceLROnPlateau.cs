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
    private readonly double _factor = Require.Within(0, Math.BitDecrement(1.0), factor);
    private readonly int _patience = Require.AtLeast(0, patience);
    private readonly double _threshold = Require.AtLeast(0, threshold);
    private readonly int _cooldown = Require.AtLeast(0, cooldown);
    private readonly double _minRate = Require.AtLeast(0, minRate);
    private readonly double _epsilon = Require.AtLeast(0, epsilon);
    private double? _best;
    private int _badSteps;
    private int _cooldownSteps;

    /// <inheritdoc/>
    public Optimizer Optimizer { get; } = Require.NotNull(optimizer);

    /// <summary>How many measures there were.</summary>
    public int StepCount { get; private set; }

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
        _best is { } best ? [_badSteps, _cooldownSteps, best] : [_badSteps, _cooldownSteps]);

    /// <inheritdoc/>
    public void Load(ScheduleState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        ThrowIfForeign(state);
        (_badSteps, _cooldownSteps, StepCount) = ((int)state.Values[0], (int)state.Values[1], state.StepCount);
        _best = state.Values.Count == 3 ? state.Values[2] : null;
        for (var i = 0; i < Optimizer.Groups.Count; i++)
            Optimizer.Groups[i].LearningRate = state.Rates[i];
    }

    void ISchedule.ThrowIfForeign(ScheduleState state) => ThrowIfForeign(state);

    private void ThrowIfForeign(ScheduleState state)
    {
        ISchedule.ThrowIfForeign(this, state, initialRates: 0, parts: 0);
        if (state.Values.Count is not (2 or 3) || state.Values.Take(2).Any(count => count is not (>= 0 and <= int.MaxValue) || count != Math.Floor(count)))
            throw new ArgumentException($"Values of state must be two counts, and the best measure if there is one. Actual values were [{string.Join(", ", state.Values)}].", nameof(state));
    }

    private bool IsBetter(double measure)
    {
        if (_best is not { } best)
            return !double.IsNaN(measure) && measure != (isMaximized ? double.NegativeInfinity : double.PositiveInfinity);
        if (isThresholdAbsolute)
            return isMaximized ? measure > best + _threshold : measure < best - _threshold;
        return isMaximized ? measure > best * (_threshold + 1) : measure < best * (1 - _threshold);
    }
}
