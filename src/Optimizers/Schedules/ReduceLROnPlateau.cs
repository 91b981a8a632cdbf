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
    double epsilon = 1e-8)
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

    /// <summary>Whose rates change.</summary>
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

    /// <summary>What is needed to go on later as if nothing had happened; the optimizer's rates are part of it.</summary>
    public PlateauState State() => new(_best, _badSteps, _cooldownSteps, StepCount, [.. Optimizer.Groups.Select(group => group.LearningRate)]);

    /// <summary>Takes over a state, with the rates.</summary>
    /// <param name="state">The state, of an optimizer with as many groups.</param>
    /// <exception cref="ArgumentException">The state does not fit. Nothing was changed.</exception>
    public void Load(PlateauState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (state.Rates.Count != Optimizer.Groups.Count)
            throw new ArgumentException($"state must have rates for {Optimizer.Groups.Count} groups. Actual number was {state.Rates.Count}.", nameof(state));
        if (state.BadSteps < 0 || state.CooldownSteps < 0 || state.StepCount < 0)
            throw new ArgumentException($"Counts of state must be at least 0. Actual values were {state.BadSteps}, {state.CooldownSteps} and {state.StepCount}.", nameof(state));
        foreach (var rate in state.Rates)
            Require.AtLeast(0, rate, nameof(state));
        (_best, _badSteps, _cooldownSteps, StepCount) = (state.Best, state.BadSteps, state.CooldownSteps, state.StepCount);
        for (var i = 0; i < Optimizer.Groups.Count; i++)
            Optimizer.Groups[i].LearningRate = state.Rates[i];
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
