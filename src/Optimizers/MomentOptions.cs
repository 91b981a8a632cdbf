using GpuOptim.Optimizers.Checkpoints;

namespace GpuOptim.Optimizers;

/// <summary>The hyper-parameters that Adam and its kin share, which average gradients and their sizes, with PyTorch's defaults.</summary>
public abstract record MomentOptions : OptimizerOptions
{
    /// <summary>Decay of the gradients' average; in [0, 1). PyTorch: <c>betas[0]</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public double Beta1 { get; init => field = Fraction(value); } = 0.9;

    /// <summary>Decay of the average of their squares, or of their largest size; in [0, 1). PyTorch: <c>betas[1]</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public double Beta2 { get; init => field = Fraction(value); } = 0.999;

    /// <summary>Added to what is divided by, for numerical stability; 0 or more. PyTorch: <c>eps</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative or not finite.</exception>
    public double Epsilon { get; init => field = NonNegative(value); } = 1e-8;

    /// <summary>Ascend instead of descend. PyTorch: <c>maximize</c>.</summary>
    public bool Maximize { get; init; }

    /// <inheritdoc/>
    protected internal override OptimizerOptions? WithMomentum(double momentum) => this with { Beta1 = momentum };

    /// <inheritdoc/>
    protected internal override void Save(HyperParameters to)
    {
        base.Save(to);
        to.Add("betas", [Beta1, Beta2]);
        to.Add("eps", Epsilon);
        SaveFlags(to);
    }

    /// <summary>Writes flags, in the order in which files have them.</summary>
    private protected virtual void SaveFlags(HyperParameters to) => to.Add("maximize", Maximize);

    /// <inheritdoc/>
    protected internal override OptimizerOptions Load(HyperParameters from)
    {
        var (beta1, beta2) = from.Pair("betas");
        return (MomentOptions)base.Load(from) with { Beta1 = beta1, Beta2 = beta2, Epsilon = from.Number("eps"), Maximize = from.Flag("maximize") };
    }
}
