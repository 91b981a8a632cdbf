using GpuOptim.Host;
using GpuOptim.Kernels.Rules;

namespace GpuOptim.Optimizers;

/// <summary>Rprop: <c>p = p - s * sign(g)</c> with a step size s of each element's own, which grows while the gradient's sign stays and shrinks when it turns.</summary>
/// <remarks>
/// Equals <c>torch.optim.Rprop</c> to the last bit; weight decay, which that does not have, is 0 unless asked for. For gradients of all data: of batches, signs turn by chance.
/// State: <c>prev</c>, <c>step_size</c>.
/// </remarks>
/// <param name="parameters">At least one, all on one device, no two of the same name or memory.</param>
/// <param name="options">Hyper-parameters; PyTorch's defaults if null.</param>
/// <exception cref="ArgumentException">A parameter cannot be taken.</exception>
public sealed class Rprop(IEnumerable<Parameter> parameters, RpropOptions? options = null)
    : ElementwiseOptimizer<RpropOptions, RpropRule>(parameters, options ?? new(), [new("prev"), new("step_size", IsNonNegative: true)])
{
    /// <inheritdoc/>
    protected override RpropRule CreateRule(RpropOptions options, StepInfo step) => new(
        options.LearningRate, options.EtaMinus, options.EtaPlus, options.MinStepSize, options.MaxStepSize, options.WeightDecay, options.WeightDecayMode, options.Maximize, step.IsFirstUse);
}
