namespace GpuOptim.Optimizers.Schedules;

/// <summary>Several schedules at once: each changes what the one before left.</summary>
public sealed class ChainedScheduler : LearningRateSchedule
{
    private readonly LearningRateSchedule[] _schedules;

    /// <summary>Takes schedules whose first steps are set already, one upon the other, since they were made.</summary>
    /// <param name="schedules">The schedules, made for the same optimizer; at least one.</param>
    /// <exception cref="ArgumentException">A schedule is another optimizer's, or there is none.</exception>
    public ChainedScheduler(params IReadOnlyList<LearningRateSchedule> schedules)
        : base(Require.NotNull(schedules) is [var first, ..] ? first.Optimizer : throw new ArgumentException("schedules must have at least one element. Actual number was 0.", nameof(schedules))) =>
        _schedules = Checked(Optimizer, schedules);

    private protected override IReadOnlyList<LearningRateSchedule> Parts => _schedules;

    /// <inheritdoc/>
    public override void Step()
    {
        StepCount++;
        foreach (var schedule in _schedules)
            schedule.Step();
    }

    internal static LearningRateSchedule[] Checked(Optimizer optimizer, IReadOnlyList<LearningRateSchedule> schedules)
    {
        if (Require.NotNull(schedules).Count == 0)
            throw new ArgumentException("schedules must have at least one element. Actual number was 0.", nameof(schedules));
        return [.. schedules.Select((schedule, i) => schedule.Optimizer == optimizer ? schedule : throw new ArgumentException($"All schedules must be the same optimizer's. Number {i} is another's.", nameof(schedules)))];
    }

    internal override void Start()
    {
        StepCount = 0;
        foreach (var schedule in _schedules)
            schedule.Start();
    }

    internal override void Restart()
    {
        foreach (var group in Optimizer.Groups)
            group.LearningRate = group.InitialLearningRate ??= group.LearningRate;
        Start();
    }
}
