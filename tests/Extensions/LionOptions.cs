using GpuOptim.Host;
using GpuOptim.Optimizers;

namespace GpuOptim.Tests.Extensions;

/// <summary>Hyper-parameters of <see cref="Lion"/>.</summary>
public sealed record LionOptions : OptimizerOptions
{
    public LionOptions() => LearningRate = 1e-4;

    public double Beta1 { get; init => field = Fraction(value); } = 0.9;

    public double Beta2 { get; init => field = Fraction(value); } = 0.99;

    public override Optimizer CreateOptimizer(IEnumerable<Parameter> parameters) => new Lion(parameters, this);
}
