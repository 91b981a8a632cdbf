using GpuOptim.Host;

namespace GpuOptim.Optimizers;

/// <summary>Hyper-parameters of <see cref="Muon"/>, with PyTorch's defaults.</summary>
public sealed record MuonOptions : MuonOptionsBase
{
    /// <summary>PyTorch's defaults.</summary>
    public MuonOptions() => (WeightDecay, WeightDecayMode, Nesterov) = (0.1, WeightDecayMode.Decoupled, true);

    /// <inheritdoc/>
    public override Optimizer CreateOptimizer(IEnumerable<Parameter> parameters) => new Muon(parameters, this);
}
