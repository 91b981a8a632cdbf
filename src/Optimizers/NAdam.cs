using GpuOptim.Host;
using GpuOptim.Kernels.Rules;

namespace GpuOptim.Optimizers;

/// <summary>NAdam: Adam that looks ahead along the momentum, <c>p = p - lr * ((1 - mu) * g + mu' * m) / (sqrt(v) + eps)</c>, each part bias-corrected; mu grows towards beta1.</summary>
/// <remarks>
/// Equals <c>torch.optim.NAdam</c> to the last bit, with <c>decoupled_weight_decay</c> where the mode is <see cref="WeightDecayMode.Decoupled"/>. State: <c>mu_product</c>, a
/// scalar; <c>exp_avg</c>, <c>exp_avg_sq</c>.
/// </remarks>
/// <param name="parameters">At least one, all on one device, no two of the same name or memory.</param>
/// <param name="options">Hyper-parameters; PyTorch's defaults if null.</param>
/// <exception cref="ArgumentException">A parameter cannot be taken.</exception>
public sealed class NAdam(IEnumerable<Parameter> parameters, NAdamOptions? options = null)
    : ElementwiseOptimizer<NAdamOptions, NAdamRule>(parameters, options ?? new(), [new("exp_avg"), new("exp_avg_sq", IsNonNegative: true)], [new("mu_product", _ => 1, MuProduct)])
{
    /// <inheritdoc/>
    protected override NAdamRule CreateRule(NAdamOptions options, StepInfo step) => new(
        step.Step, options.LearningRate, options.Beta1, options.Beta2, options.Epsilon, options.MomentumDecay, MuProduct(options, step), options.WeightDecay, options.WeightDecayMode, options.Maximize);

    /// <summary>The product of all momenta, this step's included; PyTorch keeps it in float.</summary>
    private static double MuProduct(NAdamOptions options, StepInfo step) =>
        step.Scalars.First * (float)NAdamRule.Momentum(step.Step, options.Beta1, options.MomentumDecay);
}
