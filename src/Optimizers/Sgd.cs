using GpuOptim.Host;
using GpuOptim.Kernels.Rules;

namespace GpuOptim.Optimizers;

/// <summary>Stochastic gradient descent, with or without momentum: <c>p = p - lr * g</c>.</summary>
/// <remarks>Equals <c>torch.optim.SGD</c> to the last bit. State: <c>momentum_buffer</c>, with momentum.</remarks>
/// <param name="parameters">At least one, all on one device, no two of the same name or memory.</param>
/// <param name="options">Hyper-parameters; PyTorch's defaults if null.</param>
/// <exception cref="ArgumentException">A parameter cannot be taken, or the options do not fit together.</exception>
public sealed class Sgd(IEnumerable<Parameter> parameters, SgdOptions? options = null)
    : ElementwiseOptimizer<SgdOptions, SgdRule>(parameters, options ?? new(), _state)
{
    private static readonly StateSlot<SgdOptions>[] _state = [new("momentum_buffer", options => options.Momentum != 0)];

    /// <inheritdoc/>
    protected override bool RecordsStep => false;

    /// <inheritdoc/>
    protected override SgdRule CreateRule(SgdOptions options, StepInfo step) =>
        new(options.LearningRate, options.Momentum, options.Dampening, options.WeightDecay, options.WeightDecayMode, options.Nesterov, options.Maximize, step.IsFirstUse);
}
