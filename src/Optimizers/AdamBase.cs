using GpuOptim.Host;
using GpuOptim.Kernels.Rules;

namespace GpuOptim.Optimizers;

/// <summary>What <see cref="Adam"/> and <see cref="AdamW"/> share: everything but the defaults of the weight decay.</summary>
/// <typeparam name="TOptions">The optimizer's options.</typeparam>
public abstract class AdamBase<TOptions> : ElementwiseOptimizer<TOptions, AdamRule> where TOptions : AdamOptionsBase
{
    private static readonly StateSlot<TOptions>[] _state =
    [
        new("exp_avg"),
        new("exp_avg_sq", IsNonNegative: true),
        new("max_exp_avg_sq", options => options.Amsgrad, IsNonNegative: true),
    ];

    private protected AdamBase(IEnumerable<Parameter> parameters, TOptions options)
        : base(parameters, options, _state)
    {
    }

    /// <inheritdoc/>
    protected override AdamRule CreateRule(TOptions options, StepInfo step) => new(
        step.Step, options.LearningRate, options.Beta1, options.Beta2, options.Epsilon, options.WeightDecay, options.WeightDecayMode, options.Amsgrad, options.Maximize);
}
