using GpuOptim.Host;
using GpuOptim.Kernels.Rules;

namespace GpuOptim.Optimizers;

/// <summary>What <see cref="Adam"/> and <see cref="AdamW"/> share: everything but where the weight decay goes.</summary>
/// <typeparam name="TOptions">The optimizer's options.</typeparam>
public abstract class AdamBase<TOptions> : ElementwiseOptimizer<TOptions, AdamRule> where TOptions : AdamOptionsBase
{
    private static readonly StateSlot<TOptions>[] _state = [new("exp_avg"), new("exp_avg_sq"), new("max_exp_avg_sq", options => options.Amsgrad)];

    private readonly bool _decoupled;

    private protected AdamBase(IEnumerable<Parameter> parameters, TOptions options, bool decoupled)
        : base(parameters, options, _state) => _decoupled = decoupled;

    /// <inheritdoc/>
    protected override AdamRule CreateRule(TOptions options, StepInfo step) => new(
        step.Step, options.LearningRate, options.Beta1, options.Beta2, options.Epsilon, options.WeightDecay, _decoupled, options.Amsgrad, options.Maximize);
}
