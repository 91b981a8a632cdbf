using GpuOptim.Host;
using GpuOptim.Optimizers;

namespace GpuOptim.Samples.Mnist;

/// <summary>An optimizer with settings that suit this network.</summary>
/// <param name="Name">What <c>--optimizer</c> calls it.</param>
/// <param name="Create">Makes it.</param>
internal sealed record Recipe(string Name, Func<IReadOnlyList<Parameter>, Optimizer> Create)
{
    public static IReadOnlyList<Recipe> All { get; } =
    [
        new("muon+adamw", parameters => new ModelOptimizer(
            parameters,
            Assignment.Named("hidden.weight", new MuonOptions { LearningRate = 0.01, WeightDecay = 0.1 }),
            Assignment.Rest(new AdamWOptions { LearningRate = 1e-3, WeightDecay = 0.05 }))),
        new("adamw", parameters => new AdamW(parameters, new() { LearningRate = 1e-3, WeightDecay = 0.05 })),
        new("adam", parameters => new Adam(parameters, new() { LearningRate = 1e-3 })),
        new("rmsprop", parameters => new RmsProp(parameters, new() { LearningRate = 1e-3 })),
        new("momentum", parameters => new Sgd(parameters, new() { LearningRate = 0.05, Momentum = 0.9, Nesterov = true })),
        new("sgd", parameters => new Sgd(parameters, new() { LearningRate = 0.1 })),
    ];
}
