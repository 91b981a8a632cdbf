using GpuOptim.Host;
using GpuOptim.Optimizers.Checkpoints;

namespace GpuOptim.Optimizers;

/// <summary>Hyper-parameters of <see cref="RmsProp"/>, with PyTorch's defaults.</summary>
public sealed record RmsPropOptions : OptimizerOptions
{
    /// <summary>PyTorch's defaults.</summary>
    public RmsPropOptions() => LearningRate = 1e-2;

    /// <summary>Smoothing constant of the squares' average; in [0, 1). PyTorch: <c>alpha</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public double Alpha { get; init => field = Fraction(value); } = 0.99;

    /// <summary>Added to the root, for numerical stability; 0 or more. PyTorch: <c>eps</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative or not finite.</exception>
    public double Epsilon { get; init => field = NonNegative(value); } = 1e-8;

    /// <summary>How much of the previous update goes on; 0 or more, 0 for none. PyTorch: <c>momentum</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative or not finite.</exception>
    public double Momentum { get; init => field = NonNegative(value); }

    /// <summary>Divide by an estimate of the standard deviation instead of the root mean square. PyTorch: <c>centered</c>.</summary>
    /// <remarks>
    /// The estimate is a difference of two averages. Where each was rounded to a <see cref="StatePrecision"/> of fewer bits it would often be below zero, and its root NaN:
    /// the two do not go together.
    /// </remarks>
    public bool Centered { get; init; }

    /// <summary>Ascend instead of descend. PyTorch: <c>maximize</c>.</summary>
    public bool Maximize { get; init; }

    /// <inheritdoc/>
    public override Optimizer CreateOptimizer(IEnumerable<Parameter> parameters) => new RmsProp(parameters, this);

    /// <inheritdoc/>
    protected internal override void Validate()
    {
        base.Validate();
        if (Centered && StatePrecision is not (StatePrecision.SameAsParameter or StatePrecision.Float32))
            throw new ArgumentException($"StatePrecision must be SameAsParameter or Float32 where Centered is true: the difference of averages of fewer bits may be below zero, and has no root. Actual value was {StatePrecision}.", nameof(StatePrecision));
    }

    /// <inheritdoc/>
    protected internal override OptimizerOptions? WithMomentum(double momentum) => this with { Momentum = momentum };

    /// <inheritdoc/>
    protected internal override void Save(HyperParameters to)
    {
        base.Save(to);
        to.Add("alpha", Alpha);
        to.Add("eps", Epsilon);
        to.Add("momentum", Momentum);
        to.Add("centered", Centered);
        to.Add("maximize", Maximize);
    }

    /// <inheritdoc/>
    protected internal override OptimizerOptions Load(HyperParameters from) => (RmsPropOptions)base.Load(from) with
    {
        Alpha = from.Number("alpha"),
        Epsilon = from.Number("eps"),
        Momentum = from.Number("momentum"),
        Centered = from.Flag("centered"),
        Maximize = from.Flag("maximize"),
    };
}
