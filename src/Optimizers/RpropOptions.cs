using GpuOptim.Host;
using GpuOptim.Optimizers.Checkpoints;

namespace GpuOptim.Optimizers;

/// <summary>Hyper-parameters of <see cref="Rprop"/>, with PyTorch's defaults. The learning rate is what step sizes begin with at a parameter's first update.</summary>
public sealed record RpropOptions : OptimizerOptions
{
    /// <summary>PyTorch's defaults.</summary>
    public RpropOptions() => LearningRate = 1e-2;

    /// <summary>What a step size is multiplied by where the gradient's sign turns; above 0, below 1. PyTorch: <c>etas[0]</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public double EtaMinus
    {
        get;
        init => field = value is > 0 and < 1 ? value : throw new ArgumentOutOfRangeException(nameof(EtaMinus), value, "EtaMinus must be above 0 and below 1.");
    } = 0.5;

    /// <summary>What a step size is multiplied by where the gradient's sign stays; above 1. PyTorch: <c>etas[1]</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public double EtaPlus
    {
        get;
        init => field = value > 1 && double.IsFinite(value) ? value : throw new ArgumentOutOfRangeException(nameof(EtaPlus), value, "EtaPlus must be finite and above 1.");
    } = 1.2;

    /// <summary>The smallest step size; 0 or more. PyTorch: <c>step_sizes[0]</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative or not finite.</exception>
    public double MinStepSize { get; init => field = NonNegative(value); } = 1e-6;

    /// <summary>The largest step size; at least <see cref="MinStepSize"/>. PyTorch: <c>step_sizes[1]</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative or not finite.</exception>
    public double MaxStepSize { get; init => field = NonNegative(value); } = 50;

    /// <summary>Ascend instead of descend. PyTorch: <c>maximize</c>.</summary>
    public bool Maximize { get; init; }

    /// <inheritdoc/>
    public override Optimizer CreateOptimizer(IEnumerable<Parameter> parameters) => new Rprop(parameters, this);

    /// <inheritdoc/>
    protected internal override void Validate()
    {
        base.Validate();
        if (MaxStepSize < MinStepSize)
            throw new ArgumentException($"MaxStepSize must be at least MinStepSize, {MinStepSize}. Actual value was {MaxStepSize}.", nameof(MaxStepSize));
    }

    /// <inheritdoc/>
    protected internal override void Save(HyperParameters to)
    {
        base.Save(to);
        to.Add("etas", [EtaMinus, EtaPlus]);
        to.Add("step_sizes", [MinStepSize, MaxStepSize]);
        to.Add("maximize", Maximize);
    }

    /// <inheritdoc/>
    protected internal override OptimizerOptions Load(HyperParameters from)
    {
        var (etas, sizes) = (from.Pair("etas"), from.Pair("step_sizes"));
        return (RpropOptions)base.Load(from) with
        {
            EtaMinus = etas.First,
            EtaPlus = etas.Second,
            MinStepSize = sizes.First,
            MaxStepSize = sizes.Second,
            Maximize = from.Flag("maximize"),
        };
    }
}
