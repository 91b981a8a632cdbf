using GpuOptim.Optimizers;
using GpuOptim.Tests.Extensions;
using GpuOptim.TorchSharp;
using static TorchSharp.torch;

namespace GpuOptim.Tests.TorchSharp;

/// <summary>An optimizer of two groups or more whose state is saved.</summary>
/// <param name="Name">What the test run calls it.</param>
/// <param name="CreateOptimizer">Makes it for a model.</param>
/// <param name="Type">The type of the model's parameters.</param>
public sealed record StateScenario(string Name, Func<TwoLayers, TorchOptimizer> CreateOptimizer, ScalarType Type = ScalarType.Float32)
{
    public static IEnumerable<StateScenario> All =>
    [
        new("sgd", Layers(new SgdOptions { LearningRate = 0.01 }, new SgdOptions { LearningRate = 0.02, Momentum = 0.9, Nesterov = true })),
        new("rmsprop", Layers(new RmsPropOptions { Centered = true }, new RmsPropOptions { LearningRate = 0.001, Momentum = 0.9 })),
        new("adam", Layers(new AdamOptions { Beta1 = 0.3 }, new AdamOptions { WeightDecay = 0.1, Amsgrad = true })),
        new("adamw", Layers(new AdamWOptions { Amsgrad = true }, new AdamWOptions { LearningRate = 0.01 })),
        new("adamw, bfloat16", Layers(new AdamWOptions { LearningRate = 0.01 }, new AdamWOptions { LearningRate = 0.02, StatePrecision = StatePrecision.Float32 }), ScalarType.BFloat16),
        new("adamw, few bits", Layers(
            new AdamWOptions { StatePrecision = StatePrecision.Blockwise8, StateRounding = StateRounding.Stochastic, FullPrecisionBelow = 0, RoundingSeed = 3 },
            new AdamWOptions { StatePrecision = StatePrecision.Float16, FullPrecisionBelow = 0, ParameterRounding = ParameterRounding.MasterRemainder }), ScalarType.BFloat16),
        new("asgd", Layers(new AsgdOptions { Lambda = 0.1, T0 = 1 }, new AsgdOptions { LearningRate = 0.02 })),
        new("muon", model =>
        {
            var optimizer = model.First.Where(IsWeight).Optimizer(new MuonOptions { LearningRate = 0.01 });
            optimizer.AddGroup(model.Second.Where(IsWeight), new MuonOptions { LearningRate = 0.02, NewtonSchulz = new() { Steps = 3 } });
            return optimizer;
        }),
        new("model", model =>
        {
            var optimizer = model.FirstLayer.ModelOptimizer(Assignment.Named("weight", new MuonOptions { LearningRate = 0.01 }), Assignment.Rest(new AdamWOptions()));
            // The groups of the optimizers at work are in another order.
            optimizer.AddGroup(model.Second.Where(IsWeight), new MuonOptions { LearningRate = 0.02 });
            optimizer.AddGroup(model.Second.Where(named => !IsWeight(named)), new AdamWOptions { LearningRate = 0.01 });
            return optimizer;
        }),
        new("signum", Layers(new SignumOptions { LearningRate = 0.001 }, new SignumOptions { LearningRate = 0.002 })),
    ];

    public override string ToString() => Name;

    /// <summary>A group for each layer.</summary>
    public static Func<TwoLayers, TorchOptimizer> Layers(OptimizerOptions first, OptimizerOptions second) => model =>
    {
        var optimizer = model.First.Optimizer(first);
        optimizer.AddGroup(model.Second, second);
        return optimizer;
    };

    private static bool IsWeight((string Name, global::TorchSharp.Modules.Parameter Parameter) named) => named.Name.EndsWith("weight", StringComparison.Ordinal);
}
