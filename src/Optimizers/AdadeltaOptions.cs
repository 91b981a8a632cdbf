using GpuOptim.Host;
using GpuOptim.Optimizers.Checkpoints;

namespace GpuOptim.Optimizers;

/// <summary>Hyper-parameters of <see cref="Adadelta"/>, with PyTorch's defaults.</summary>
public sealed record AdadeltaOptions : OptimizerOptions
{
    /// <summary>PyTorch's defaults.</summary>
    public AdadeltaOptions() => LearningRate = 1;

    /// <summary>Decay of both averages; in [0, 1). PyTorch: <c>rho</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public double Rho { get; init => field = Fraction(value); } = 0.9;

    /// <summary>Added to both averages before their roots, and so what the first steps are made of; 0 or more. PyTorch: <c>eps</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative or not finite.</exception>
    public double Epsilon { get; init => field = NonNegative(value); } = 1e-6;

    /// <summary>Ascend instead of descend. PyTorch: <c>maximize</c>.</summary>
    public bool Maximize { get; init; }

    /// <inheritdoc/>
    public override Optimizer CreateOptimizer(IEnumerable<Parameter> parameters) => new Adadelta(parameters, this);

    /// <inheritdoc/>
    protected internal override void Save(HyperParameters to)
    {
        base.Save(to);
        to.Add("rho", Rho);
        to.Add("eps", Epsilon);
        to.Add("maximize", Maximize);
    }

    /// <inheritdoc/>
    protected internal override OptimizerOptions Load(HyperParameters from) => (AdadeltaOptions)base.Load(from) with
    {
        Rho = from.Number("rho"),
        Epsilon = from.Number("eps"),
        Maximize = from.Flag("maximize"),
    };
}
