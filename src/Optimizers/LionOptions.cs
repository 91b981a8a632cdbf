using GpuOptim.Host;
using GpuOptim.Optimizers.Checkpoints;

namespace GpuOptim.Optimizers;

/// <summary>Hyper-parameters of <see cref="Lion"/>, with the paper's defaults. Weight decay is decoupled.</summary>
public sealed record LionOptions : OptimizerOptions
{
    /// <summary>The paper's defaults.</summary>
    public LionOptions() => (LearningRate, WeightDecayMode) = (1e-4, WeightDecayMode.Decoupled);

    /// <summary>The momentum's share of the direction, whose sign is taken; in [0, 1).</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public double Beta1 { get; init => field = Fraction(value); } = 0.9;

    /// <summary>Decay of the momentum; in [0, 1).</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public double Beta2 { get; init => field = Fraction(value); } = 0.99;

    /// <summary>Ascend instead of descend.</summary>
    public bool Maximize { get; init; }

    /// <inheritdoc/>
    public override Optimizer CreateOptimizer(IEnumerable<Parameter> parameters) => new Lion(parameters, this);

    /// <inheritdoc/>
    protected internal override OptimizerOptions? WithMomentum(double momentum) => this with { Beta1 = momentum };

    /// <inheritdoc/>
    protected internal override void Save(HyperParameters to)
    {
        base.Save(to);
        to.Add("betas", [Beta1, Beta2]);
        to.Add("maximize", Maximize);
    }

    /// <inheritdoc/>
    protected internal override OptimizerOptions Load(HyperParameters from)
    {
        var (beta1, beta2) = from.Pair("betas");
        return (LionOptions)base.Load(from) with { Beta1 = beta1, Beta2 = beta2, Maximize = from.Flag("maximize") };
    }
}
