namespace GpuOptim.Kernels.Scaling;

/// <summary>How a loss scale adapts.</summary>
/// <param name="GrowthFactor">What it is multiplied by after enough steps in a row.</param>
/// <param name="BackoffFactor">What it is multiplied by after a step that was skipped.</param>
/// <param name="GrowthInterval">How many steps in a row are enough.</param>
internal readonly record struct LossScaling(double GrowthFactor, double BackoffFactor, int GrowthInterval);
