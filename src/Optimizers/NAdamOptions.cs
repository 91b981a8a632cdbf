using GpuOptim.Host;
using GpuOptim.Optimizers.Checkpoints;

namespace GpuOptim.Optimizers;

/// <summary>Hyper-parameters of <see cref="NAdam"/>, with PyTorch's defaults.</summary>
public sealed record NAdamOptions : MomentOptions
{
    /// <summary>PyTorch's defaults.</summary>
    public NAdamOptions() => LearningRate = 2e-3;

    /// <summary>How fast the momentum nears <see cref="MomentOptions.Beta1"/>, half of which it begins with: by <c>0.96^(t * MomentumDecay)</c>; 0 or more. PyTorch: <c>momentum_decay</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative or not finite.</exception>
    public double MomentumDecay { get; init => field = NonNegative(value); } = 4e-3;

    /// <inheritdoc/>
    public override Optimizer CreateOptimizer(IEnumerable<Parameter> parameters) => new NAdam(parameters, this);

    /// <inheritdoc/>
    protected internal override void Save(HyperParameters to)
    {
        base.Save(to);
        to.Add("momentum_decay", MomentumDecay);
    }

    /// <inheritdoc/>
    protected internal override OptimizerOptions Load(HyperParameters from) => (NAdamOptions)base.Load(from) with { MomentumDecay = from.Number("momentum_decay") };
}
