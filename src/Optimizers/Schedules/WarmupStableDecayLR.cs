namespace GpuOptim.Optimizers.Schedules;

/// <summary>Raises rates along a line, keeps them, and lets them fall along a line.</summary>
/// <remarks>The rate is <c>initial * factor</c>. Source: S. Hu et al., 2024, https://arxiv.org/abs/2404.06395 (MiniCPM), with a linear decay.</remarks>
/// <param name="optimizer">Whose rates change.</param>
/// <param name="warmupSteps">Steps of rising from 0, the first of which already moves; 0 or more.</param>
/// <param name="stableSteps">Steps at the initial rate; 0 or more.</param>
/// <param name="decaySteps">Steps of falling; at least 1.</param>
/// <param name="endFactor">The factor at last, and from then on; in [0, 1].</param>
/// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
public sealed class WarmupStableDecayLR(Optimizer optimizer, int warmupSteps, int stableSteps, int decaySteps, double endFactor = 0) : LearningRateFormula(optimizer)
{
    private readonly Constant<int> _warmupSteps = Constant.AtLeast("warmup_steps", 0, warmupSteps);
    private readonly Constant<int> _stableSteps = Constant.AtLeast("stable_steps", 0, stableSteps);
    private readonly Constant<int> _decaySteps = Constant.AtLeast("decay_steps", 1, decaySteps);
    private readonly Constant<double> _endFactor = Constant.Within("end_factor", 0, 1, endFactor);

    private protected override IReadOnlyList<Constant> Constants => [_warmupSteps, _stableSteps, _decaySteps, _endFactor];

    /// <inheritdoc/>
    protected override double Rate(int step, double initial, double previous)
    {
        if (step < _warmupSteps)
            return initial * ((step + 1.0) / _warmupSteps);
        var decayed = (double)Math.Max(0, step - (long)_warmupSteps - _stableSteps);
        return initial * (1 + (_endFactor - 1) * Math.Min(1, decayed / _decaySteps));
    }
}
