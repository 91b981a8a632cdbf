using GpuOptim.Optimizers;

namespace GpuOptim.Samples.Distributed;

/// <summary>Who trains what: hidden matrices Muon, all else AdamW.</summary>
internal static class Recipe
{
    public static IReadOnlyList<Assignment> Assignments { get; } =
    [
        Assignment.Named("hidden*.weight", new MuonOptions { LearningRate = 0.01, WeightDecay = 0.1 }),
        Assignment.Rest(new AdamWOptions { LearningRate = 1e-3, WeightDecay = 0.05 }),
    ];

    /// <summary>Whether Muon trains a parameter.</summary>
    public static bool IsMuons(string name) => name.StartsWith("hidden", StringComparison.Ordinal) && name.EndsWith(".weight", StringComparison.Ordinal);
}
