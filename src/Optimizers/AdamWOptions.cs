using GpuOptim.Host;

namespace GpuOptim.Optimizers;

/// <summary>Hyper-parameters of <see cref="AdamW"/>: Adam's, with a decoupled weight decay of 0.01, as in PyTorch.</summary>
public sealed record AdamWOptions : AdamOptionsBase
{
    /// <summary>PyTorch's defaults.</summary>
    public AdamWOptions() => (WeightDecay, WeightDecayMode) = (1e-2, WeightDecayMode.Decoupled);

    /// <inheritdoc/>
    public override Optimizer CreateOptimizer(IEnumerable<Parameter> parameters) => new AdamW(parameters, this);
}
