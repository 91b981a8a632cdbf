using GpuOptim.Host;
using GpuOptim.Kernels;
using GpuOptim.Optimizers;

namespace GpuOptim.Benchmarks.Convergence;

/// <summary>What trains the hidden matrices. All else is trained by AdamW, at one rate, so that nothing but that differs.</summary>
/// <param name="Name">What tables and charts call it.</param>
/// <param name="Hidden">Its options at a learning rate.</param>
/// <param name="Rates">The rates of which the best is taken.</param>
internal sealed record Contender(string Name, Func<double, OptimizerOptions> Hidden, IReadOnlyList<double> Rates)
{
    /// <summary>The rate of AdamW for all but the hidden matrices.</summary>
    public const double RestRate = 3e-3;

    // The same for both tasks, around what wider grids of single runs had best.
    private static readonly double[] _adamWRates = [0.005, 0.01, 0.02, 0.04], _muonRates = [0.02, 0.04, 0.08, 0.16];

    /// <summary>AdamW first: what the others are compared with. Defaults, but for decay, and for NorMuon's adjustment of rates: as Muon's, so that they mean the same.</summary>
    public static IReadOnlyList<Contender> All { get; } =
    [
        new("AdamW", AdamW, _adamWRates),
        new("Muon", rate => new MuonOptions { LearningRate = rate, WeightDecay = 0 }, _muonRates),
        new("Muon, Gram", rate => new MuonOptions { LearningRate = rate, WeightDecay = 0, NewtonSchulz = new() { Method = NewtonSchulzMethod.Gram } }, _muonRates),
        new("NorMuon", rate => new NorMuonOptions { LearningRate = rate, WeightDecay = 0, AdjustLearningRate = LearningRateAdjustment.Original }, _muonRates),
    ];

    /// <summary>The optimizer of a network.</summary>
    public Optimizer Create(IEnumerable<Parameter> parameters, double rate) =>
        new ModelOptimizer(parameters, Assignment.Named("hidden*.weight", Hidden(rate)), Assignment.Rest(AdamW(RestRate)));

    private static AdamWOptions AdamW(double rate) => new() { LearningRate = rate, WeightDecay = 0 };
}
