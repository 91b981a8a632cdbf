using GpuOptim.Host;
using GpuOptim.Optimizers.Checkpoints;

namespace GpuOptim.Optimizers;

/// <summary>Hyper-parameters of <see cref="Sgd"/>, with PyTorch's defaults.</summary>
public sealed record SgdOptions : OptimizerOptions
{
    /// <summary>How much of the previous update goes on; 0 or more, 0 for none, typically 0.9. PyTorch: <c>momentum</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative or not finite.</exception>
    public double Momentum { get; init => field = NonNegative(value); }

    /// <summary>What the gradient's share of the momentum is lessened by, from the second step on. PyTorch: <c>dampening</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not finite.</exception>
    public double Dampening
    {
        get;
        init => field = double.IsFinite(value) ? value : throw new ArgumentOutOfRangeException(nameof(Dampening), value, "Dampening must be finite.");
    }

    /// <summary>Look ahead along the momentum; needs momentum and no dampening. PyTorch: <c>nesterov</c>.</summary>
    public bool Nesterov { get; init; }

    /// <summary>Ascend instead of descend. PyTorch: <c>maximize</c>.</summary>
    public bool Maximize { get; init; }

    /// <inheritdoc/>
    public override Optimizer CreateOptimizer(IEnumerable<Parameter> parameters) => new Sgd(parameters, this);

    /// <inheritdoc/>
    protected internal override void Validate()
    {
        if (Nesterov && (Momentum == 0 || Dampening != 0))
            throw new ArgumentException($"Nesterov must come with Momentum above 0 and Dampening 0. Actual values were {Momentum} and {Dampening}.");
    }

    /// <inheritdoc/>
    protected internal override OptimizerOptions? WithMomentum(double momentum) => this with { Momentum = momentum };

    /// <inheritdoc/>
    protected internal override void Save(HyperParameters to)
    {
        base.Save(to);
        to.Add("momentum", Momentum);
        to.Add("dampening", Dampening);
        to.Add("nesterov", Nesterov);
        to.Add("maximize", Maximize);
    }

    /// <inheritdoc/>
    protected internal override OptimizerOptions Load(HyperParameters from) => (SgdOptions)base.Load(from) with
    {
        Momentum = from.Number("momentum"),
        Dampening = from.Number("dampening"),
        Nesterov = from.Flag("nesterov"),
        Maximize = from.Flag("maximize"),
    };
}
