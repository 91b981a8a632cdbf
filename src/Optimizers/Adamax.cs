using GpuOptim.Host;
using GpuOptim.Kernels.Rules;

namespace GpuOptim.Optimizers;

/// <summary>Adamax: <c>p = p - lr * m / u</c> with the bias-corrected average m of g and its largest decaying size, <c>u = max(beta2 * u, |g| + eps)</c>.</summary>
/// <remarks>Equals <c>torch.optim.Adamax</c> to the last bit. State: <c>exp_avg</c>, <c>exp_inf</c>.</remarks>
/// <param name="parameters">At least one, all on one device, no two of the same name or memory.</param>
/// <param name="options">Hyper-parameters; PyTorch's defaults if null.</param>
/// <exception cref="ArgumentException">A parameter cannot be taken.</exception>
public sealed class Adamax(IEnumerable<Parameter> parameters, AdamaxOptions? options = null)
    : ElementwiseOptimizer<AdamaxOptions, AdamaxRule>(parameters, options ?? new(), [new("exp_avg"), new("exp_inf", IsNonNegative: true)])
{
    /// <inheritdoc/>
    protected override AdamaxRule CreateRule(AdamaxOptions options, StepInfo step) =>
        new(step.Step, options.LearningRate, options.Beta1, options.Beta2, options.Epsilon, options.WeightDecay, options.WeightDecayMode, options.Maximize);
}
