namespace GpuOptim.Optimizers.Schedules;

/// <summary>What changes the learning rates of an optimizer's groups, and can go on from a state.</summary>
public interface ISchedule
{
    /// <summary>Whose rates change.</summary>
    Optimizer Optimizer { get; }

    /// <summary>What it goes by, besides functions.</summary>
    internal IReadOnlyList<Constant> Constants { get; }

    /// <summary>Schedules that this one is made of.</summary>
    internal IReadOnlyList<ISchedule> Parts { get; }

    /// <summary>What is needed to go on later as if nothing had happened; the optimizer's rates and the schedule's constants are part of it.</summary>
    ScheduleState State();

    /// <summary>Takes over a state, with the rates. Everything is checked before anything is changed.</summary>
    /// <param name="state">The state of a schedule of the same kind, made of the same kinds, on an optimizer with as many groups.</param>
    /// <param name="constants">Which constants hold where the state has others than the schedule.</param>
    /// <exception cref="ArgumentException">The state does not fit; the message says what does not, of a constant both values.</exception>
    void Load(ScheduleState state, ScheduleConstants constants = ScheduleConstants.Same);

    /// <summary>Refuses a state that is not such a schedule's. Changes nothing.</summary>
    /// <exception cref="ArgumentException">It is not.</exception>
    internal void ThrowIfForeign(ScheduleState state, ScheduleConstants constants = ScheduleConstants.Same);

    /// <summary>Refuses a state of another kind, or with other constants, or with rates that cannot be.</summary>
    internal static void ThrowIfForeign(ISchedule schedule, ScheduleState state, ScheduleConstants constants, int initialRates, string owner)
    {
        if (!Enum.IsDefined(constants))
            throw new ArgumentOutOfRangeException(nameof(constants), constants, $"constants must be one of {string.Join(", ", Enum.GetNames<ScheduleConstants>())}.");
        if (state.Kind != schedule.GetType().Name)
            throw new ArgumentException($"state must be that of a {schedule.GetType().Name}. Actual kind was {state.Kind}.", nameof(state));
        if (state.StepCount < -1)
            throw new ArgumentException($"StepCount of state must be at least -1. Actual value was {state.StepCount}.", nameof(state));
        var groups = schedule.Optimizer.Groups.Count;
        if (state.InitialRates.Count != initialRates || state.Rates.Count != groups)
            throw new ArgumentException($"state must have rates for {groups} groups. Actual numbers were {state.InitialRates.Count} and {state.Rates.Count}.", nameof(state));
        if (state.InitialRates.Concat(state.Rates).FirstOrDefault(rate => rate is not >= 0 || !double.IsFinite(rate)) is var bad and not 0)
            throw new ArgumentException($"Rates of state must be finite and at least 0. Actual value was {bad}.", nameof(state));
        if (state.Parts.Count != schedule.Parts.Count)
            throw new ArgumentException($"state must have {schedule.Parts.Count} parts. Actual number was {state.Parts.Count}.", nameof(state));
        Constant.ThrowIfForeign(schedule.Constants, state.Constants, constants, owner);
    }
}
