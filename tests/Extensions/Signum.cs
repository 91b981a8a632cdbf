using GpuOptim.Host;
using GpuOptim.Optimizers;

namespace GpuOptim.Tests.Extensions;

/// <summary>An optimizer made outside the library, through its public interface alone: these three small files are all of it.</summary>
public sealed class Signum(IEnumerable<Parameter> parameters, SignumOptions? options = null)
    : ElementwiseOptimizer<SignumOptions, SignumRule>(parameters, options ?? new(), [new("momentum_buffer")])
{
    protected override SignumRule CreateRule(SignumOptions options, StepInfo step) =>
        new((float)(1 - options.Beta), (float)(1 - options.LearningRate * options.WeightDecay), (float)-options.LearningRate);
}
