namespace GpuOptim.Optimizers.Schedules;

/// <summary>Multiplies rates by <paramref name="gamma"/> every so many steps.</summary>
/// <param name="optimizer">Whose rates change.</param>
/// <param name="stepSize">Steps from one change to the next; at least 1. PyTorch: <c>step_size</c>.</param>
/// <param name="gamma">The factor; 0 or more.</param>
/// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
public sealed class StepLR(Optimizer optimizer, int stepSize, double gamma = 0.1) : LearningRateFormula(optimizer)
{
    private readonly Constant<int> _stepSize = Constant.AtLeast("step_size", 1, stepSize);
    private readonly Constant<double> _gamma = Constant.AtLeast("gamma", 0, gamma);

    private protected override IReadOnlyList<Constant> Constants => [_stepSize, _gamma];

    /// <inheritdoc/>
    protected override double Rate(int step, double initial, double previous) => step == 0 || step % _stepSize != 0 ? previous : previous * _gamma;
}
