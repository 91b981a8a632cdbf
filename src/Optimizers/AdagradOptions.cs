using GpuOptim.Host;
using GpuOptim.Optimizers.Checkpoints;

namespace GpuOptim.Optimizers;

/// <summary>Hyper-parameters of <see cref="Adagrad"/>, with PyTorch's defaults.</summary>
public sealed record AdagradOptions : OptimizerOptions
{
    /// <summary>PyTorch's defaults.</summary>
    public AdagradOptions() => LearningRate = 1e-2;

    /// <summary>How much the learning rate lessens: after t updates it is divided by 1 + t times this; 0 or more. PyTorch: <c>lr_decay</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative or not finite.</exception>
    public double LearningRateDecay { get; init => field = NonNegative(value); }

    /// <summary>What sums of squares begin with at a parameter's first update; 0 or more. PyTorch: <c>initial_accumulator_value</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative or not finite.</exception>
    public double InitialAccumulatorValue { get; init => field = NonNegative(value); }

    /// <summary>Added to the root, for numerical stability; 0 or more. PyTorch: <c>eps</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative or not finite.</exception>
    public double Epsilon { get; init => field = NonNegative(value); } = 1e-10;

    /// <summary>Ascend instead of descend. PyTorch: <c>maximize</c>.</summary>
    public bool Maximize { get; init; }

    /// <inheritdoc/>
    public override Optimizer CreateOptimizer(IEnumerable<Parameter> parameters) => new Adagrad(parameters, this);

    /// <inheritdoc/>
    protected internal override void Save(HyperParameters to)
    {
        base.Save(to);
        to.Add("lr_decay", LearningRateDecay);
        to.Add("initial_accumulator_value", InitialAccumulatorValue);
        to.Add("eps", Epsilon);
        to.Add("maximize", Maximize);
    }

    /// <inheritdoc/>
    protected internal override OptimizerOptions Load(HyperParameters from) => (AdagradOptions)base.Load(from) with
    {
        LearningRateDecay = from.Number("lr_decay"),
        InitialAccumulatorValue = from.Number("initial_accumulator_value"),
        Epsilon = from.Number("eps"),
        Maximize = from.Flag("maximize"),
    };
}
