using GpuOptim.Host;
using GpuOptim.Kernels.Rules;

namespace GpuOptim.Optimizers;

/// <summary>
/// LAMB, Adam for large batches: each tensor moves along Adam's direction by a share of its own norm, <c>p = p - lr * |p| / |u| * u</c>, <c>u = m / (sqrt(v) + eps) + wd * p</c>.
/// </summary>
/// <remarks>
/// Norms are of whole tensors, summed in double in one order on all devices; where one is 0, the ratio is 1. State: <c>exp_avg</c>, <c>exp_avg_sq</c>.
/// Source: You et al., 2019, https://arxiv.org/abs/1904.00962, algorithm 2, with phi(x) = x.
/// </remarks>
/// <param name="parameters">At least one, all on one device, no two of the same name or memory.</param>
/// <param name="options">Hyper-parameters; those of its authors if null.</param>
/// <exception cref="ArgumentException">A parameter cannot be taken.</exception>
public sealed class Lamb(IEnumerable<Parameter> parameters, LambOptions? options = null)
    : TensorwiseOptimizer<LambOptions, LambRule, LambStepRule>(parameters, options ?? new(), [new("exp_avg"), new("exp_avg_sq", IsNonNegative: true)])
{
    /// <inheritdoc/>
    protected override LambRule CreateRule(LambOptions options, StepInfo step) =>
        new(step.Step, options.Beta1, options.Beta2, options.Epsilon, options.WeightDecay, options.WeightDecayMode, options.Maximize);

    /// <inheritdoc/>
    protected override LambStepRule CreateStepRule(LambOptions options, StepInfo step) => new(options.LearningRate, options.WeightDecay, options.WeightDecayMode);
}
