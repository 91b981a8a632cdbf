using GpuOptim.Host;
using GpuOptim.Kernels.Rules;

namespace GpuOptim.Optimizers;

/// <summary>Adadelta: <c>d = sqrt(u + eps) / sqrt(v + eps) * g; p = p - lr * d</c> with averages v of g² and u of d².</summary>
/// <remarks>Equals <c>torch.optim.Adadelta</c> to the last bit. State: <c>square_avg</c>, <c>acc_delta</c>.</remarks>
/// <param name="parameters">At least one, all on one device, no two of the same name or memory.</param>
/// <param name="options">Hyper-parameters; PyTorch's defaults if null.</param>
/// <exception cref="ArgumentException">A parameter cannot be taken.</exception>
public sealed class Adadelta(IEnumerable<Parameter> parameters, AdadeltaOptions? options = null)
    : ElementwiseOptimizer<AdadeltaOptions, AdadeltaRule>(parameters, options ?? new(), [new("square_avg", IsNonNegative: true), new("acc_delta", IsNonNegative: true)])
{
    /// <inheritdoc/>
    protected override AdadeltaRule CreateRule(AdadeltaOptions options, StepInfo step) =>
        new(options.LearningRate, options.Rho, options.Epsilon, options.WeightDecay, options.WeightDecayMode, options.Maximize);
}
