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
}
