namespace GpuOptim.Optimizers.Schedules;

/// <summary>
/// Changes the learning rates of an optimizer's groups from step to step. Making one sets the rates of the first step; call <see cref="Step"/> after
/// each of the optimizer's.
/// </summary>
/// <remarks>
/// Rates are PyTorch 2.13's to the last bit: <c>torch/optim/lr_scheduler.py</c>. What a group's rate was when its first schedule was made is its
/// initial rate; groups that were added later start from their own.
/// </remarks>
public abstract class LearningRateSchedule
{
    private protected LearningRateSchedule(Optimizer optimizer)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        Optimizer = optimizer;
    }

    /// <summary>Whose rates change.</summary>
    public Optimizer Optimizer { get; }

    /// <summary>How often <see cref="Step"/> was called. PyTorch: <c>last_epoch</c>.</summary>
    public int StepCount { get; private protected set; }

    /// <summary>Schedules that this one is made of.</summary>
    private protected virtual IReadOnlyList<LearningRateSchedule> Parts => [];

    /// <summary>Moves on by a step: sets the rates of the next one.</summary>
    public abstract void Step();

    /// <summary>What is needed to go on later as if nothing had happened; the optimizer's rates are part of it.</summary>
    public ScheduleState State() => new(
        GetType().Name,
        StepCount,
        [.. Optimizer.Groups.Select(group => group.InitialLearningRate ?? group.LearningRate)],
        [.. Optimizer.Groups.Select(group => group.LearningRate)],
        [.. Parts.Select(part => part.State())]);

    /// <summary>Takes over a state, with the rates. Everything is checked before anything is changed.</summary>
    /// <param name="state">The state of a schedule of the same kind, made of the same kinds, on an optimizer with as many groups.</param>
    /// <exception cref="ArgumentException">The state does not fit; the message says what does not.</exception>
    public void Load(ScheduleState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        ThrowIfForeign(state);
        Take(state);
        for (var i = 0; i < Optimizer.Groups.Count; i++)
        {
            Optimizer.Groups[i].InitialLearningRate = state.InitialRates[i];
            Optimizer.Groups[i].LearningRate = state.Rates[i];
        }
    }

    /// <summary>Goes back to before the first step.</summary>
    internal virtual void Rewind()
    {
        StepCount = -1;
        foreach (var part in Parts)
            part.Rewind();
    }

    /// <summary>The first step once more, of rates as they are.</summary>
    internal abstract void Start();

    /// <summary>The first step in the midst of another schedule: rates start anew.</summary>
    internal abstract void Restart();

    internal void ThrowIfForeign(ScheduleState state)
    {
        if (state.Kind != GetType().Name)
            throw new ArgumentException($"state must be that of a {GetType().Name}. Actual kind was {state.Kind}.", nameof(state));
        if (state.StepCount < -1)
            throw new ArgumentException($"StepCount of state must be at least -1. Actual value was {state.StepCount}.", nameof(state));
        var groups = Optimizer.Groups.Count;
        if (state.InitialRates.Count != groups || state.Rates.Count != groups)
            throw new ArgumentException($"state must have rates for {groups} groups. Actual numbers were {state.InitialRates.Count} and {state.Rates.Count}.", nameof(state));
        if (state.InitialRates.Concat(state.Rates).FirstOrDefault(rate => rate is not >= 0 || !double.IsFinite(rate)) is var bad and not 0)
            throw new ArgumentException($"Rates of state must be finite and at least 0. Actual value was {bad}.", nameof(state));
        if (state.Parts.Count != Parts.Count)
            throw new ArgumentException($"state must have {Parts.Count} parts. Actual number was {state.Parts.Count}.", nameof(state));
        for (var i = 0; i < Parts.Count; i++)
            Parts[i].ThrowIfForeign(state.Parts[i]);
    }

    private void Take(ScheduleState state)
    {
        StepCount = state.StepCount;
        for (var i = 0; i < Parts.Count; i++)
            Parts[i].Take(state.Parts[i]);
        TakeMomentum();
    }

    /// <summary>Sets the momentum of the step that the schedule is at.</summary>
    private protected virtual void TakeMomentum()
    {
    }
}
