namespace GpuOptim.Optimizers.Schedules;

/// <summary>Raises rates along a line and lets them fall with the square root of the step: <c>initial * sqrt(warmupSteps / (step + 1))</c>.</summary>
/// <remarks>Source: A. Vaswani et al., 2017, https://arxiv.org/abs/1706.03762, section 5.3, scaled so that the highest rate is the initial one.</remarks>
/// <param name="optimizer">Whose rates change.</param>
/// <param name="warmupSteps">Steps of rising from 0, the first of which already moves; at least 1.</param>
/// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
public sealed class InverseSquareRootLR(Optimizer optimizer, int warmupSteps) : LearningRateFormula(optimizer)
{
    private readonly Constant<int> _warmupSteps = Constant.AtLeast("warmup_steps", 1, warmupSteps);

    private protected override IReadOnlyList<Constant> Constants => [_warmupSteps];

    /// <inheritdoc/>
    protected override double Rate(int step, double initial, double previous) =>
        initial * Math.Min((step + 1.0) / _warmupSteps, Math.Sqrt(_warmupSteps / (step + 1.0)));
}
