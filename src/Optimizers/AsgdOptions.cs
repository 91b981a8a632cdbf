using GpuOptim.Host;
using GpuOptim.Optimizers.Checkpoints;

namespace GpuOptim.Optimizers;

/// <summary>Hyper-parameters of <see cref="Asgd"/>, with PyTorch's defaults. A learning rate that changes takes effect one update later, as in PyTorch.</summary>
public sealed record AsgdOptions : OptimizerOptions
{
    /// <summary>PyTorch's defaults.</summary>
    public AsgdOptions() => LearningRate = 1e-2;

    /// <summary>Decay: each update takes the step size times this of the parameter, and the more of it, the faster the step size shrinks; 0 or more. PyTorch: <c>lambd</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative or not finite.</exception>
    public double Lambda { get; init => field = NonNegative(value); } = 1e-4;

    /// <summary>Power of the step size's decay: <c>lr / (1 + lambda * lr * t)^alpha</c>; 0 or more. PyTorch: <c>alpha</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative or not finite.</exception>
    public double Alpha { get; init => field = NonNegative(value); } = 0.75;

    /// <summary>The update at which averaging begins; 0 or more. PyTorch: <c>t0</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative or not finite.</exception>
    public double T0 { get; init => field = NonNegative(value); } = 1e6;

    /// <summary>Ascend instead of descend. PyTorch: <c>maximize</c>.</summary>
    public bool Maximize { get; init; }

    /// <inheritdoc/>
    public override Optimizer CreateOptimizer(IEnumerable<Parameter> parameters) => new Asgd(parameters, this);

    /// <inheritdoc/>
    protected internal override void Save(HyperParameters to)
    {
        base.Save(to);
        to.Add("lambd", Lambda);
        to.Add("alpha", Alpha);
        to.Add("t0", T0);
        to.Add("maximize", Maximize);
    }

    /// <inheritdoc/>
    protected internal override OptimizerOptions Load(HyperParameters from) => (AsgdOptions)base.Load(from) with
    {
        Lambda = from.Number("lambd"),
        Alpha = from.Number("alpha"),
        T0 = from.Number("t0"),
        Maximize = from.Flag("maximize"),
    };
}
