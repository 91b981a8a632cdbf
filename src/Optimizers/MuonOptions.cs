using GpuOptim.Host;
using GpuOptim.Kernels;

namespace GpuOptim.Optimizers;

/// <summary>Hyper-parameters of <see cref="Muon"/>, with PyTorch's defaults.</summary>
public sealed record MuonOptions : OptimizerOptions
{
    /// <summary>PyTorch's defaults.</summary>
    public MuonOptions() => WeightDecay = 0.1;

    /// <summary>Decay of the gradients' average; in [0, 1). PyTorch: <c>momentum</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public double Momentum { get; init => field = Fraction(value); } = 0.95;

    /// <summary>Look ahead along the momentum. PyTorch: <c>nesterov</c>.</summary>
    public bool Nesterov { get; init; } = true;

    /// <summary>How directions are orthogonalized. PyTorch: <c>ns_coefficients</c>, <c>ns_steps</c>, <c>eps</c>.</summary>
    public NewtonSchulzOptions NewtonSchulz { get; init => field = value ?? throw new ArgumentNullException(nameof(NewtonSchulz)); } = new();

    /// <summary>How the learning rate follows the shape. PyTorch: <c>adjust_lr_fn</c>.</summary>
    public LearningRateAdjustment AdjustLearningRate { get; init; }

    /// <summary>
    /// Take tensors of three dimensions and more, the kernels of convolutions, as matrices: a row for each index of the first dimension.
    /// Without it they are an error.
    /// </summary>
    public bool FlattenConvolutions { get; init; }

    /// <summary>
    /// Cut each matrix into blocks of rows that are orthogonalized apart, as if each were a parameter: <c>[512, 512, 512]</c> for a fused
    /// query, key and value of 512 rows each. A single number is repeated: <c>[64]</c> for heads of 64 rows. Null leaves matrices whole.
    /// </summary>
    /// <exception cref="ArgumentException">There is no block, or one of no rows.</exception>
    public IReadOnlyList<int>? SplitRows
    {
        get;
        init
        {
            if (value is not null && (value.Count == 0 || value.Any(rows => rows < 1)))
                throw new ArgumentException($"SplitRows must hold numbers of rows, each at least 1. Actual value was [{string.Join(", ", value)}].", nameof(SplitRows));
            field = value;
        }
    }

    /// <inheritdoc/>
    public override Optimizer CreateOptimizer(IEnumerable<Parameter> parameters) => new Muon(parameters, this);

    /// <summary>What the learning rate is multiplied by for a matrix.</summary>
    internal double Ratio(double rows, double columns) => AdjustLearningRate switch
    {
        LearningRateAdjustment.MatchRmsAdamW => 0.2 * Math.Sqrt(Math.Max(rows, columns)),
        LearningRateAdjustment.SpectralUnclamped => Math.Sqrt(rows / columns),
        _ => Math.Sqrt(Math.Max(1, rows / columns)),
    };

    /// <summary>Whether matrices are laid out and orthogonalized in the same way; rates and momentum may differ.</summary>
    internal bool OrthogonalizesAs(MuonOptions other) =>
        NewtonSchulz == other.NewtonSchulz
        && FlattenConvolutions == other.FlattenConvolutions
        && (ReferenceEquals(SplitRows, other.SplitRows) || (SplitRows is not null && other.SplitRows is not null && SplitRows.SequenceEqual(other.SplitRows)));

    /// <inheritdoc/>
    protected internal override OptimizerOptions? WithMomentum(double momentum) => this with { Momentum = momentum };
}
