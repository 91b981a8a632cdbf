namespace GpuOptim.Optimizers;

/// <summary>How an optimizer keeps gradients from being too large; done while it updates, so that gradients are not written.</summary>
/// <remarks>Equals PyTorch's <c>clip_grad_norm_</c> and <c>clip_grad_value_</c> before the step.</remarks>
public sealed record GradientClipping
{
    private GradientClipping()
    {
    }

    /// <summary>The largest norm of all gradients together; null if they are clipped by value.</summary>
    public double? MaxNorm { get; private init; }

    /// <summary>The norm's order: 1, 2 or infinite.</summary>
    public double Order { get; private init; } = 2;

    /// <summary>The largest size of an element; null if gradients are clipped by their norm.</summary>
    public double? MaxValue { get; private init; }

    /// <summary>
    /// Multiplies all gradients by <c>min(1, maxNorm / (norm + 1e-6))</c>, where the norm is that of all of the optimizer's gradients as if they were
    /// one vector.
    /// </summary>
    /// <param name="maxNorm">The largest norm; above 0.</param>
    /// <param name="order">1, the sum of sizes; 2, the root of the sum of squares; or <see cref="double.PositiveInfinity"/>, the largest size.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    public static GradientClipping ByNorm(double maxNorm, double order = 2)
    {
        if (!(maxNorm > 0) || !double.IsFinite(maxNorm))
            throw new ArgumentOutOfRangeException(nameof(maxNorm), maxNorm, "maxNorm must be finite and above 0.");
        if (order is not (1 or 2 or double.PositiveInfinity))
            throw new ArgumentOutOfRangeException(nameof(order), order, "order must be 1, 2 or infinite.");
        return new() { MaxNorm = maxNorm, Order = order };
    }

    /// <summary>Holds each element within -maxValue and maxValue.</summary>
    /// <param name="maxValue">The largest size; above 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">Not finite, or not above 0.</exception>
    public static GradientClipping ByValue(double maxValue)
    {
        if (!(maxValue > 0) || !double.IsFinite(maxValue))
            throw new ArgumentOutOfRangeException(nameof(maxValue), maxValue, "maxValue must be finite and above 0.");
        return new() { MaxValue = maxValue };
    }
}
