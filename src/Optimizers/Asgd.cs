using GpuOptim.Host;
using GpuOptim.Kernels.Rules;

namespace GpuOptim.Optimizers;

/// <summary>Averaged SGD: <c>p = p * (1 - lambda * eta) - eta * g</c> with a decaying step size eta, and from update t0 on the mean of the parameters in <c>ax</c>.</summary>
/// <remarks>Equals <c>torch.optim.ASGD</c> to the last bit. State: <c>eta</c> and <c>mu</c>, scalars; <c>ax</c>, which is the result to take at the end.</remarks>
/// <param name="parameters">At least one, all on one device, no two of the same name or memory.</param>
/// <param name="options">Hyper-parameters; PyTorch's defaults if null.</param>
/// <exception cref="ArgumentException">A parameter cannot be taken.</exception>
public sealed class Asgd(IEnumerable<Parameter> parameters, AsgdOptions? options = null)
    : ElementwiseOptimizer<AsgdOptions, AsgdRule>(parameters, options ?? new(), [new("ax")], _scalars)
{
    private static readonly StateScalar<AsgdOptions>[] _scalars =
    [
        new("eta", options => options.LearningRate, (options, step) => options.LearningRate / Math.Pow(1 + options.Lambda * options.LearningRate * step.Step, options.Alpha)),
        new("mu", _ => 1, (options, step) => 1 / Math.Max(1, step.Step - options.T0)),
    ];

    /// <inheritdoc/>
    protected override AsgdRule CreateRule(AsgdOptions options, StepInfo step) =>
        new(step.Scalars.First, step.Scalars.Second, options.Lambda, options.WeightDecay, options.WeightDecayMode, options.Maximize);
}
