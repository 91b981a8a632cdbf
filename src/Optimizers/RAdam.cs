using GpuOptim.Host;
using GpuOptim.Kernels.Rules;

namespace GpuOptim.Optimizers;

/// <summary>RAdam: Adam whose steps are <c>lr * m</c> at first, and then <c>lr * r * m / (sqrt(v) + eps)</c> with r growing towards 1 as the average v of g² comes to be of many.</summary>
/// <remarks>
/// Equals <c>torch.optim.RAdam</c> to the last bit, with <c>decoupled_weight_decay</c> where the mode is <see cref="WeightDecayMode.Decoupled"/>. State: <c>exp_avg</c>,
/// <c>exp_avg_sq</c>.
/// </remarks>
/// <param name="parameters">At least one, all on one device, no two of the same name or memory.</param>
/// <param name="options">Hyper-parameters; PyTorch's defaults if null.</param>
/// <exception cref="ArgumentException">A parameter cannot be taken.</exception>
public sealed class RAdam(IEnumerable<Parameter> parameters, RAdamOptions? options = null)
    : ElementwiseOptimizer<RAdamOptions, RAdamRule>(parameters, options ?? new(), [new("exp_avg"), new("exp_avg_sq", IsNonNegative: true)])
{
    /// <inheritdoc/>
    protected override RAdamRule CreateRule(RAdamOptions options, StepInfo step) =>
        new(step.Step, options.LearningRate, options.Beta1, options.Beta2, options.Epsilon, options.WeightDecay, options.WeightDecayMode, options.Maximize);
}
