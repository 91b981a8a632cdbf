using GpuOptim.Host;
using GpuOptim.Kernels;
using GpuOptim.Kernels.Rules;
using GpuOptim.Optimizers.Checkpoints;

namespace GpuOptim.Optimizers;

/// <summary>Hyper-parameters of <see cref="NorMuon"/>, with the defaults of its authors' <c>dion</c>, but for those of Newton-Schulz.</summary>
public sealed record NorMuonOptions : MuonOptionsBase
{
    private const double LeastEpsilon = 1e-30;

    /// <summary>The authors' defaults.</summary>
    public NorMuonOptions()
    {
        (LearningRate, WeightDecay, WeightDecayMode) = (0.01, 0.01, WeightDecayMode.Decoupled);
        AdjustLearningRate = LearningRateAdjustment.SpectralUnclamped;
        NewtonSchulz = new() { Coefficients = NewtonSchulzCoefficients.PolarExpressFive, Epsilon = 1e-8 };
    }

    /// <summary>Decay of the average of each neuron's mean square; in [0, 1). dion: <c>muon_beta2</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public double Beta2 { get; init => field = Fraction(value); } = 0.95;

    /// <summary>Added to the root of that average, for numerical stability; 1e-30 or more. In dion it is always 1e-8, and <c>epsilon</c> is that of Newton-Schulz.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less, or not finite.</exception>
    public double Epsilon
    {
        get;
        init => field = value >= LeastEpsilon && double.IsFinite(value) ? value : throw new ArgumentOutOfRangeException(nameof(Epsilon), value, $"Epsilon must be finite and at least {LeastEpsilon}.");
    }
    = 1e-8;

    /// <inheritdoc/>
    public override Optimizer CreateOptimizer(IEnumerable<Parameter> parameters) => new NorMuon(parameters, this);

    internal override NeuronRule? Neurons => new(Beta2, Epsilon);

    /// <inheritdoc/>
    protected internal override void Save(HyperParameters to)
    {
        base.Save(to);
        to.Add("muon_beta2", Beta2);
        to.Add("neuron_eps", Epsilon);
    }

    /// <inheritdoc/>
    protected internal override OptimizerOptions Load(HyperParameters from) => (NorMuonOptions)base.Load(from) with
    {
        Beta2 = from.Number("muon_beta2"),
        Epsilon = from.Number("neuron_eps"),
    };
}
