using GpuOptim.Optimizers.Checkpoints;

namespace GpuOptim.Optimizers;

/// <summary>The hyper-parameters that <see cref="Adam"/> and <see cref="AdamW"/> share, with PyTorch's defaults.</summary>
public abstract record AdamOptionsBase : OptimizerOptions
{
    /// <summary>Decay of the gradients' average; in [0, 1). PyTorch: <c>betas[0]</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public double Beta1 { get; init => field = Fraction(value); } = 0.9;

    /// <summary>Decay of the squares' average; in [0, 1). PyTorch: <c>betas[1]</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public double Beta2 { get; init => field = Fraction(value); } = 0.999;

    /// <summary>Added to the root, for numerical stability; 0 or more. PyTorch: <c>eps</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative or not finite.</exception>
    public double Epsilon { get; init => field = NonNegative(value); } = 1e-8;

    /// <summary>Divide by the largest average of squares so far. PyTorch: <c>amsgrad</c>.</summary>
    public bool Amsgrad { get; init; }

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
        to.Add("amsgrad", Amsgrad);
        to.Add("maximize", Maximize);
    }

    /// <inheritdoc/>
    protected internal override OptimizerOptions Load(HyperParameters from) => (AdamOptionsBase)base.Load(from) with
    {
        Beta1 = Beta(from, 0),
        Beta2 = Beta(from, 1),
        Epsilon = from.Number("eps"),
        Amsgrad = from.Flag("amsgrad"),
        Maximize = from.Flag("maximize"),
    };

    private static double Beta(HyperParameters from, int index) => from.Numbers("betas") is { Count: 2 } betas
        ? betas[index]
        : throw new InvalidDataException($"Hyper-parameter 'betas' must be two numbers. Actual number was {from.Numbers("betas").Count}.");
}
