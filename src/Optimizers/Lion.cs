using GpuOptim.Host;
using GpuOptim.Kernels.Rules;

namespace GpuOptim.Optimizers;

/// <summary>Lion: <c>p = p * (1 - lr * wd) - lr * sign(beta1 * m + (1 - beta1) * g)</c> with the average m of g.</summary>
/// <remarks>Chen et al., 2023, arXiv:2302.06675, algorithm 2. State: <c>exp_avg</c>.</remarks>
/// <param name="parameters">At least one, all on one device, no two of the same name or memory.</param>
/// <param name="options">Hyper-parameters; the paper's defaults if null.</param>
/// <exception cref="ArgumentException">A parameter cannot be taken.</exception>
public sealed class Lion(IEnumerable<Parameter> parameters, LionOptions? options = null)
    : ElementwiseOptimizer<LionOptions, LionRule>(parameters, options ?? new(), [new("exp_avg")])
{
    /// <inheritdoc/>
    protected override LionRule CreateRule(LionOptions options, StepInfo step) =>
        new(options.LearningRate, options.Beta1, options.Beta2, options.WeightDecay, options.WeightDecayMode, options.Maximize);
}
