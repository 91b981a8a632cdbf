using GpuOptim.Host;

namespace GpuOptim.Optimizers;

/// <summary>What a step does to gradients before its rules see them.</summary>
/// <param name="Measure">What found the factor that they are multiplied by; null if they are not.</param>
/// <param name="Factor">The factor, or what the device replaces by it.</param>
/// <param name="Limit">The size that they are held within; null if they are not.</param>
internal readonly record struct GradientChange(GradientMeasure? Measure, float Factor, float? Limit);
