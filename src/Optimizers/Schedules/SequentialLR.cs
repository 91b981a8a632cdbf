namespace GpuOptim.Optimizers.Schedules;

/// <summary>One schedule after the other, each starting anew at its milestone.</summary>
public sealed class SequentialLR : LearningRateSchedule
{
    private readonly LearningRateSchedule[] _schedules;
    private readonly Constant<int[]> _milestones;

    /// <summary>Sets the rates of the first schedule's first step.</summary>
    /// <param name="optimizer">Whose rates change.</param>
    /// <param name="schedules">The schedules, made for the same optimizer; at least one.</param>
    /// <param name="milestones">At which step each but the first begins; rising, one fewer than schedules.</param>
    /// <exception cref="ArgumentException">A schedule is another optimizer's, or milestones do not fit.</exception>
    public SequentialLR(Optimizer optimizer, IReadOnlyList<LearningRateSchedule> schedules, IReadOnlyList<int> milestones)
        : base(optimizer)
    {
        _schedules = ChainedScheduler.Checked(optimizer, schedules);
        _milestones = Constant.Integers("milestones", [.. Require.NotNull(milestones)], all => ThrowIfUnfit(all, _schedules.Length));
        Start();
    }

    private protected override IReadOnlyList<Constant> Constants => [_milestones];

    private protected override IReadOnlyList<LearningRateSchedule> Parts => _schedules;

    /// <inheritdoc/>
    public override void Step()
    {
        StepCount++;
        var current = _milestones.Value.Count(milestone => milestone <= StepCount);
        if (current > 0 && _milestones.Value[current - 1] == StepCount)
            _schedules[current].Restart();
        else
            _schedules[current].Step();
    }

    internal override void Start()
    {
        foreach (var group in Optimizer.Groups)
            group.LearningRate = group.InitialLearningRate ??= group.LearningRate;
        Rewind();
        StepCount = 0;
        _schedules[0].Start();
    }

    internal override void Restart() => Start();

    private static void ThrowIfUnfit(int[] milestones, int schedules)
    {
        if (milestones.Length != schedules - 1)
            throw new ArgumentException($"milestones must be one fewer than schedules, {schedules - 1}. Actual number was {milestones.Length}.", nameof(milestones));
        for (var i = 0; i < milestones.Length; i++)
        {
            if (milestones[i] <= (i == 0 ? 0 : milestones[i - 1]))
                throw new ArgumentException($"milestones must be positive and rising. Actual values were {string.Join(", ", milestones)}.", nameof(milestones));
        }
    }
}
