using GpuOptim.Optimizers;
using GpuOptim.TorchSharp;
using TorchSharp;

namespace GpuOptim.Samples.OnTorchSharp;

/// <summary>An optimizer for the network. AdamW's rate and Muon's do better here than half and twice as much.</summary>
/// <param name="Name">What table and chart call it.</param>
/// <param name="Create">Makes it for a network.</param>
internal sealed record Recipe(string Name, Func<torch.nn.Module, torch.optim.Optimizer> Create)
{
    public static IReadOnlyList<Recipe> All { get; } =
    [
        // What a TorchSharp program has …
        new("TorchSharp's AdamW", network => torch.optim.AdamW(network.parameters(), lr: 5e-4, weight_decay: 0.05)),

        // … what it has instead, for the same curve …
        new("AdamW", network => network.AdamW(new() { LearningRate = 5e-4, WeightDecay = 0.05 })),

        // … and for a better one.
        new("Muon + AdamW", network => network.ModelOptimizer(
            Assignment.Where("hidden matrices", p => p.Shape.Count == 2 && p.Name.StartsWith("blocks.", StringComparison.Ordinal), new MuonOptions { LearningRate = 0.01 }),
            Assignment.Rest(new AdamWOptions { LearningRate = 5e-4, WeightDecay = 0.05 }))),
    ];
}
