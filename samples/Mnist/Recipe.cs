using GpuOptim.Host;
using GpuOptim.Optimizers;

namespace GpuOptim.Samples.Mnist;

/// <summary>An optimizer with settings that suit this network.</summary>
/// <param name="Name">What <c>--optimizer</c> calls it.</param>
/// <param name="Create">Makes it.</param>
/// <param name="IsUsual">Whether it is one of those that are compared unless others are asked for.</param>
internal sealed record Recipe(string Name, Func<IReadOnlyList<Parameter>, Optimizer> Create, bool IsUsual = true)
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
        new("nadam", parameters => new NAdam(parameters, new() { LearningRate = 1e-3 }), IsUsual: false),
        new("radam", parameters => new RAdam(parameters, new() { LearningRate = 1e-3 }), IsUsual: false),
        new("adamax", parameters => new Adamax(parameters, new() { LearningRate = 2e-3 }), IsUsual: false),
        new("lion", parameters => new Lion(parameters, new() { LearningRate = 1e-4, WeightDecay = 0.5 }), IsUsual: false),
        new("lamb", parameters => new Lamb(parameters, new() { LearningRate = 0.01 }), IsUsual: false),
        new("adafactor", parameters => new Adafactor(parameters, new() { LearningRate = 0.02 }), IsUsual: false),
        new("adagrad", parameters => new Adagrad(parameters, new() { LearningRate = 0.02 }), IsUsual: false),
        new("adadelta", parameters => new Adadelta(parameters), IsUsual: false),
        new("asgd", parameters => new Asgd(parameters, new() { LearningRate = 0.1 }), IsUsual: false),
        // Signs of batches' gradients turn by chance, so that steps must not grow far.
        new("rprop", parameters => new Rprop(parameters, new() { LearningRate = 1e-4, MaxStepSize = 1e-3 }), IsUsual: false),
    ];
}
