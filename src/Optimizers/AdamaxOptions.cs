using GpuOptim.Host;

namespace GpuOptim.Optimizers;

/// <summary>Hyper-parameters of <see cref="Adamax"/>, with PyTorch's defaults.</summary>
public sealed record AdamaxOptions : MomentOptions
{
    /// <summary>PyTorch's defaults.</summary>
    public AdamaxOptions() => LearningRate = 2e-3;

    /// <inheritdoc/>
    public override Optimizer CreateOptimizer(IEnumerable<Parameter> parameters) => new Adamax(parameters, this);
}
