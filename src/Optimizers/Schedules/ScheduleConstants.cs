namespace GpuOptim.Optimizers.Schedules;

/// <summary>Which constants hold when a schedule takes over a state: gamma, milestones, and so on.</summary>
public enum ScheduleConstants
{
    /// <summary>They must be the same; a state with others is refused.</summary>
    Same,

    /// <summary>The schedule's: it takes position and rates of the state, and goes on from there along its own curve.</summary>
    Own,

    /// <summary>The state's: the schedule becomes the one whose state it is. Functions, as those of <see cref="LambdaLR"/>, are none.</summary>
    FromState,
}
