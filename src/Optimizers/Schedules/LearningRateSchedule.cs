namespace GpuOptim.Optimizers.Schedules;

/// <summary>
/// Changes the learning rates of an optimizer's groups from step to step. Making one sets the rates of the first step; call <see cref="Step"/> after
/// each of the optimizer's.
/// </summary>
/// <remarks>
/// Rates are PyTorch 2.13's to the last bit: <c>torch/optim/lr_scheduler.py</c>. What a group's rate was when its first schedule was made is its
/// initial rate; groups that were added later start from their own.
/// </remarks>
public abstract class LearningRateSchedule : ISchedule
{
    private protected LearningRateSchedule(Optimizer optimizer)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        Optimizer = optimizer;
    }

    /// <inheritdoc/>
    public Optimizer Optimizer { get; }

    /// <summary>How often <see cref="Step"/> was called. PyTorch: <c>last_epoch</c>.</summary>
    public int StepCount { get; private protected set; }

    IReadOnlyList<Constant> ISchedule.Constants => Constants;

    IReadOnlyList<ISchedule> ISchedule.Parts => Parts;

    /// <summary>What it goes by, besides functions.</summary>
    private protected virtual IReadOnlyList<Constant> Constants => [];

    /// <summary>Schedules that this one is made of.</summary>
    private protected virtual IReadOnlyList<LearningRateSchedule> Parts => [];

    /// <summary>Moves on by a step: sets the rates of the next one.</summary>
    public abstract void Step();

    /// <inheritdoc/>
    public ScheduleState State() => new(
        GetType().Name,
        StepCount,
        [.. Optimizer.Groups.Select(group => group.InitialLearningRate ?? group.LearningRate)],
        [.. Optimizer.Groups.Select(group => group.LearningRate)],
        [.. Parts.Select(part => part.State())],
        [])
    {
        Constants = Constant.Save(Constants),
    };

    /// <inheritdoc/>
    public void Load(ScheduleState state, ScheduleConstants constants = ScheduleConstants.Same)
    {
        ArgumentNullException.ThrowIfNull(state);
        ThrowIfForeign(state, constants, GetType().Name);
        Take(state, constants);
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

    void ISchedule.ThrowIfForeign(ScheduleState state, ScheduleConstants constants) => ThrowIfForeign(state, constants, GetType().Name);

    /// <summary>Refuses a state that does not fit for reasons of its kind. What all kinds have in common was looked at.</summary>
    private protected virtual void ThrowIfUnfit(ScheduleState state, ScheduleConstants constants)
    {
    }

    private void ThrowIfForeign(ScheduleState state, ScheduleConstants constants, string owner)
    {
        ISchedule.ThrowIfForeign(this, state, constants, initialRates: Optimizer.Groups.Count, owner);
        if (state.Values.Count != 0)
            throw new ArgumentException($"state must have no values. Actual number was {state.Values.Count}.", nameof(state));
        for (var i = 0; i < Parts.Count; i++)
            Parts[i].ThrowIfForeign(state.Parts[i], constants, $"{Parts[i].GetType().Name}, part {i} of {owner},");
        ThrowIfUnfit(state, constants);
    }

    private void Take(ScheduleState state, ScheduleConstants constants)
    {
        Constant.TakeAll(Constants, state.Constants, constants);
        StepCount = state.StepCount;
        for (var i = 0; i < Parts.Count; i++)
            Parts[i].Take(state.Parts[i], constants);
        TakeMomentum();
    }

    /// <summary>Sets the momentum of the step that the schedule is at.</summary>
    private protected virtual void TakeMomentum()
    {
    }
}
