namespace GpuOptim.Optimizers.Schedules;

/// <summary>Multiplies rates by a function of the step, at every step.</summary>
/// <remarks>The function cannot travel: it is no part of the schedule's state, and that of a state is not compared with it.</remarks>
/// <param name="optimizer">Whose rates change.</param>
/// <param name="factor">The factor at each step, from 1. PyTorch: <c>lr_lambda</c>.</param>
/// <exception cref="ArgumentNullException">There is no function.</exception>
public sealed class MultiplicativeLR(Optimizer optimizer, Func<int, double> factor) : LearningRateFormula(optimizer)
{
    private readonly Func<int, double> _factor = Require.NotNull(factor);

    private protected override IReadOnlyList<Constant> Constants => [];

    /// <inheritdoc/>
    protected override double Rate(int step, double initial, double previous) => step > 0 ? previous * _factor(step) : previous;
}
