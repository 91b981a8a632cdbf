using GpuOptim.Host;
using GpuOptim.Kernels.Rules;

namespace GpuOptim.Optimizers;

/// <summary>RMSprop: <c>v = alpha * v + (1 - alpha) * g²; p = p - lr * g / (sqrt(v) + eps)</c>.</summary>
/// <remarks>Equals <c>torch.optim.RMSprop</c> to the last bit. State: <c>square_avg</c>; <c>grad_avg</c>, centered; <c>momentum_buffer</c>, with momentum.</remarks>
/// <param name="parameters">At least one, all on one device, no two of the same name or memory.</param>
/// <param name="options">Hyper-parameters; PyTorch's defaults if null.</param>
/// <exception cref="ArgumentException">A parameter cannot be taken.</exception>
public sealed class RmsProp(IEnumerable<Parameter> parameters, RmsPropOptions? options = null)
    : ElementwiseOptimizer<RmsPropOptions, RmsPropRule>(parameters, options ?? new(), _state)
{
    private static readonly StateSlot<RmsPropOptions>[] _state =
    [
        new("square_avg", IsNonNegative: true),
        new("grad_avg", options => options.Centered),
        new("momentum_buffer", options => options.Momentum != 0),
    ];

    /// <inheritdoc/>
    protected override RmsPropRule CreateRule(RmsPropOptions options, StepInfo step) =>
        new(options.LearningRate, options.Alpha, options.Epsilon, options.WeightDecay, options.WeightDecayMode, options.Momentum, options.Centered, options.Maximize);
}
