namespace GpuOptim.Optimizers.Schedules;

/// <summary>Multiplies rates by <paramref name="gamma"/> at every step.</summary>
/// <param name="optimizer">Whose rates change.</param>
/// <param name="gamma">The factor; 0 or more.</param>
/// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
public sealed class ExponentialLR(Optimizer optimizer, double gamma) : LearningRateFormula(optimizer)
{
    private readonly Constant<double> _gamma = Constant.AtLeast("gamma", 0, gamma);

    private protected override IReadOnlyList<Constant> Constants => [_gamma];

    /// <inheritdoc/>
    protected override double Rate(int step, double initial, double previous) => step == 0 ? previous : previous * _gamma;
}
