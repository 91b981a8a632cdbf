using GpuOptim.Host;

namespace GpuOptim.Optimizers;

/// <summary>Hyper-parameters of <see cref="Adam"/>, with PyTorch's defaults.</summary>
public sealed record AdamOptions : AdamOptionsBase
{
    /// <inheritdoc/>
    public override Optimizer CreateOptimizer(IEnumerable<Parameter> parameters) => new Adam(parameters, this);
}
