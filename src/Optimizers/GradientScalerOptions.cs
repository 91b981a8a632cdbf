namespace GpuOptim.Optimizers;

/// <summary>How a <see cref="GradientScaler"/> adapts, with PyTorch's defaults.</summary>
public sealed record GradientScalerOptions
{
    /// <summary>The scale at first; above 0. PyTorch: <c>init_scale</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not finite as a <see cref="float"/>, or not above 0.</exception>
    public double InitialScale
    {
        get;
        init => field = (float)value > 0 && float.IsFinite((float)value) ? value : throw new ArgumentOutOfRangeException(nameof(InitialScale), value, "InitialScale must be finite and above 0.");
    } = 65536;

    /// <summary>What the scale is multiplied by after <see cref="GrowthInterval"/> steps in a row; above 1. PyTorch: <c>growth_factor</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not finite, or not above 1.</exception>
    public double GrowthFactor
    {
        get;
        init => field = value > 1 && double.IsFinite(value) ? value : throw new ArgumentOutOfRangeException(nameof(GrowthFactor), value, "GrowthFactor must be finite and above 1.");
    } = 2;

    /// <summary>What it is multiplied by after a step that was skipped; in (0, 1). PyTorch: <c>backoff_factor</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public double BackoffFactor
    {
        get;
        init => field = value is > 0 and < 1 ? value : throw new ArgumentOutOfRangeException(nameof(BackoffFactor), value, "BackoffFactor must be in (0, 1).");
    } = 0.5;

    /// <summary>How many steps in a row without a skip let it grow; at least 1. PyTorch: <c>growth_interval</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1.</exception>
    public int GrowthInterval
    {
        get;
        init => field = value >= 1 ? value : throw new ArgumentOutOfRangeException(nameof(GrowthInterval), value, "GrowthInterval must be at least 1.");
    } = 2000;
}
