using GpuOptim.Host;
using GpuOptim.Kernels.Rules;

namespace GpuOptim.Optimizers;

/// <summary>What a step does around its rules.</summary>
/// <param name="Gradients">What is done to gradients first; null for nothing.</param>
/// <param name="GradientNorm">What has the device write in what it alone knows; null if it knows nothing.</param>
/// <param name="Bit">The bit of the step whose outcome comes later; null if it is certain.</param>
/// <param name="FoundInf">Whether no parameter is to be updated.</param>
internal readonly record struct StepContext(GradientTransform? Gradients, GradientNorm? GradientNorm, int? Bit, bool FoundInf)
{
    /// <summary>The step, as the device sees it.</summary>
    public DeviceStep? Step { get; init; }

    /// <summary>Is told when the step updates which bucket; null if nobody wants to know.</summary>
    public IBucketObserver? Buckets { get; init; }

    /// <summary>How the step takes parameters into their averages.</summary>
    public AverageRule Average { get; init; }
}
