using GpuOptim.Host;
using GpuOptim.Kernels.Rules;

namespace GpuOptim.Optimizers;

/// <summary>
/// Muon, momentum orthogonalized by Newton-Schulz: every direction of a weight matrix gets an update of the same size.
/// <c>buf = lerp(buf, g, 1 - momentum); u = lerp(g, buf, momentum); p = p * (1 - lr * wd) - lr * ratio * orthogonalize(u)</c>.
/// </summary>
/// <remarks>
/// For the matrices of hidden layers; train embeddings, heads, biases and norms with AdamW, for instance in a <see cref="ModelOptimizer"/>.
/// Equals <c>torch.optim.Muon</c> to the last bit. State: <c>momentum_buffer</c>.
/// </remarks>
/// <param name="parameters">At least one, all matrices on one device, no two of the same name or memory.</param>
/// <param name="options">Hyper-parameters; PyTorch's defaults if null.</param>
/// <exception cref="ArgumentException">A parameter cannot be taken; the message says which and why.</exception>
public sealed class Muon(IEnumerable<Parameter> parameters, MuonOptions? options = null)
    : MuonBase<MuonOptions, MuonMomentumRule>(parameters, options ?? new(), _state)
{
    private static readonly StateSlot<MuonOptions>[] _state = [new("momentum_buffer")];

    private protected override MuonMomentumRule CreateMomentumRule(MuonOptions options) => new(options.Momentum, options.Nesterov);
}
