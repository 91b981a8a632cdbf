using GpuOptim.Host;
using GpuOptim.Kernels.Rules;

namespace GpuOptim.Optimizers;

/// <summary>Adagrad: <c>s = s + g²; p = p - lr * g / (sqrt(s) + eps)</c>.</summary>
/// <remarks>Equals <c>torch.optim.Adagrad</c> to the last bit. State: <c>sum</c>.</remarks>
/// <param name="parameters">At least one, all on one device, no two of the same name or memory.</param>
/// <param name="options">Hyper-parameters; PyTorch's defaults if null.</param>
/// <exception cref="ArgumentException">A parameter cannot be taken.</exception>
public sealed class Adagrad(IEnumerable<Parameter> parameters, AdagradOptions? options = null)
    : ElementwiseOptimizer<AdagradOptions, AdagradRule>(parameters, options ?? new(), [new("sum", IsNonNegative: true)])
{
    /// <inheritdoc/>
    protected override AdagradRule CreateRule(AdagradOptions options, StepInfo step) => new(
        step.Step, options.LearningRate, options.LearningRateDecay, options.InitialAccumulatorValue, options.Epsilon, options.WeightDecay, options.WeightDecayMode, options.Maximize, step.IsFirstUse);
}
