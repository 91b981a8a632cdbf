using GpuOptim.Host;

namespace GpuOptim.Optimizers;

/// <summary>Hyper-parameters of <see cref="Lamb"/>, with its authors' defaults. The weight decay is a part of the direction, but where it is independent.</summary>
public sealed record LambOptions : MomentOptions
{
    /// <summary>The authors' defaults.</summary>
    public LambOptions() => (Epsilon, WeightDecay, WeightDecayMode) = (1e-6, 0.01, WeightDecayMode.Decoupled);

    /// <inheritdoc/>
    public override Optimizer CreateOptimizer(IEnumerable<Parameter> parameters) => new Lamb(parameters, this);
}
