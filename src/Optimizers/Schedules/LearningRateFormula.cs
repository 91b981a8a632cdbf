using GpuOptim.Optimizers.Checkpoints;

namespace GpuOptim.Optimizers.Schedules;

/// <summary>A schedule whose rate is a function of the step, of the initial rate and of the rate before.</summary>
/// <remarks>
/// A schedule of one's own overrides <see cref="Rate"/>. It is first called while the schedule is made, when fields with initializers are set and a
/// constructor's body has not run yet.
/// </remarks>
public abstract class LearningRateFormula : LearningRateSchedule
{
    /// <summary>Sets the rates of the first step.</summary>
    /// <param name="optimizer">Whose rates change.</param>
    /// <exception cref="ArgumentNullException">There is no optimizer.</exception>
    protected LearningRateFormula(Optimizer optimizer)
        : base(optimizer)
    {
        Prepare();
        Start();
    }

    private protected override IReadOnlyList<Constant> Constants
    {
        get
        {
            var own = new HyperParameters();
            SaveConstants(own);
            return [.. own.Values.Select(pair => Constant.Fixed(pair.Key, pair.Value))];
        }
    }

    /// <inheritdoc/>
    public sealed override void Step()
    {
        StepCount++;
        Apply();
    }

    internal sealed override void Start()
    {
        StepCount = 0;
        Apply();
    }

    internal sealed override void Restart()
    {
        StepCount = 0;
        foreach (var group in Optimizer.Groups)
            group.LearningRate = FirstRate(group.InitialLearningRate ??= group.LearningRate);
        TakeMomentum();
    }

    /// <summary>The rate of a step.</summary>
    /// <param name="step">The step, from 0.</param>
    /// <param name="initial">The group's initial rate.</param>
    /// <param name="previous">The group's rate at the step before; at step 0, the rate that it has.</param>
    protected abstract double Rate(int step, double initial, double previous);

    /// <summary>The rate of step 0 in the midst of another schedule.</summary>
    /// <param name="initial">The group's initial rate.</param>
    protected virtual double FirstRate(double initial) => Rate(0, initial, initial);

    /// <summary>The momentum of a step; null, as here, leaves it as it is. For Adam it is the first beta.</summary>
    /// <param name="step">The step, from 0.</param>
    protected virtual double? Momentum(int step) => null;

    /// <summary>
    /// Adds what the formula goes by, in a schedule of one's own. It travels with the state, and a state with other values is refused. Here there is
    /// nothing.
    /// </summary>
    /// <param name="constants">What to add it to.</param>
    protected virtual void SaveConstants(HyperParameters constants)
    {
    }

    /// <summary>What is done before the first step.</summary>
    private protected virtual void Prepare()
    {
    }

    private protected sealed override void TakeMomentum()
    {
        if (StepCount >= 0 && Momentum(StepCount) is { } momentum)
        {
            foreach (var group in Optimizer.Groups)
                group.SetMomentum(momentum);
        }
    }

    private void Apply()
    {
        foreach (var group in Optimizer.Groups)
            group.LearningRate = Rate(StepCount, group.InitialLearningRate ??= group.LearningRate, group.LearningRate);
        TakeMomentum();
    }
}
