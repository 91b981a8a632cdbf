namespace GpuOptim.Optimizers;

/// <summary>What a <see cref="GradientScaler"/> goes on from: PyTorch's <c>GradScaler.state_dict()</c>.</summary>
/// <param name="Scale">The scale.</param>
/// <param name="GrowthFactor">What it is multiplied by after enough steps in a row; above 1.</param>
/// <param name="BackoffFactor">What it is multiplied by after a step that was skipped; in (0, 1).</param>
/// <param name="GrowthInterval">How many steps in a row are enough; at least 1.</param>
/// <param name="GrowthTracker">How many there were since the scale changed; at least 0. PyTorch: <c>_growth_tracker</c>.</param>
public sealed record GradientScalerState(double Scale, double GrowthFactor, double BackoffFactor, int GrowthInterval, int GrowthTracker);
