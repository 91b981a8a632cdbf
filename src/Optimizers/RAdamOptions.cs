using GpuOptim.Host;

namespace GpuOptim.Optimizers;

/// <summary>Hyper-parameters of <see cref="RAdam"/>, with PyTorch's defaults.</summary>
public sealed record RAdamOptions : MomentOptions
{
    /// <inheritdoc/>
    public override Optimizer CreateOptimizer(IEnumerable<Parameter> parameters) => new RAdam(parameters, this);
}
