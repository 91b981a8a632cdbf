using GpuOptim.Host;
using GpuOptim.Optimizers;

namespace GpuOptim.Tests.Extensions;

/// <summary>Hyper-parameters of <see cref="Signum"/>.</summary>
public sealed record SignumOptions : OptimizerOptions
{
    public SignumOptions() => LearningRate = 1e-4;

    public double Beta { get; init => field = Fraction(value); } = 0.9;

    public override Optimizer CreateOptimizer(IEnumerable<Parameter> parameters) => new Signum(parameters, this);
}
