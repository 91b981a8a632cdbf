using GpuOptim.Host;
using GpuOptim.Optimizers;

namespace GpuOptim.Tests.Extensions;

/// <summary>An optimizer made outside the library, through its public interface alone: these three small files are all of it.</summary>
public sealed class Lion(IEnumerable<Parameter> parameters, LionOptions? options = null)
    : ElementwiseOptimizer<LionOptions, LionRule>(parameters, options ?? new(), [new("exp_avg")])
{
    protected override LionRule CreateRule(LionOptions options, StepInfo step) => new(
        (float)(1 - options.Beta1), (float)(1 - options.Beta2), (float)(1 - options.LearningRate * options.WeightDecay), (float)-options.LearningRate);
}
