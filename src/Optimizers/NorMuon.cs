using GpuOptim.Host;
using GpuOptim.Kernels.Rules;

namespace GpuOptim.Optimizers;

/// <summary>
/// NorMuon, Muon whose neurons all move alike: the rows of an orthogonalized direction, whose lengths differ, are divided by the roots of their
/// mean squares' averages, and the whole is scaled back to its length.
/// <c>buf = momentum * buf + g; o = orthogonalize(buf)</c>, or <c>orthogonalize(momentum * buf + g)</c> with Nesterov; for each row
/// <c>v = lerp(v, mean(o²), 1 - beta2); n = o / (sqrt(v) + eps)</c>; <c>p = p * (1 - lr * wd) - lr * ratio * n * |o| / |n|</c>.
/// </summary>
/// <remarks>
/// For the matrices of hidden layers, as <see cref="Muon"/> is. Each of the blocks of <see cref="MuonOptionsBase.SplitRows"/> is scaled by itself, as if it
/// were a parameter. The squares of a row are summed in double, in one order on all devices. State: <c>momentum</c>, and <c>variance_neuron</c>, a float for each row.
/// Source: Z. Li et al., 2025, https://arxiv.org/abs/2510.05491; the arithmetic is that of <c>NorMuon</c> in https://github.com/microsoft/dion.
/// </remarks>
/// <param name="parameters">At least one, all matrices on one device, no two of the same name or memory.</param>
/// <param name="options">Hyper-parameters; the authors' defaults if null.</param>
/// <exception cref="ArgumentException">A parameter cannot be taken; the message says which and why.</exception>
public sealed class NorMuon(IEnumerable<Parameter> parameters, NorMuonOptions? options = null)
    : MuonBase<NorMuonOptions, NorMuonMomentumRule>(parameters, options ?? new(), _state)
{
    private static readonly StateSlot<NorMuonOptions>[] _state = [new("momentum"), new("variance_neuron", IsNonNegative: true) { Shape = StateShape.Neurons }];

    private protected override NorMuonMomentumRule CreateMomentumRule(NorMuonOptions options) => new(options.Momentum, options.Nesterov);
}
