using GpuOptim.Kernels.Scaling;

namespace GpuOptim.Host;

/// <summary>What a step asks of its <see cref="GradientNorm"/>.</summary>
/// <param name="Order">The norm's: 1, 2 or infinite.</param>
/// <param name="MaxNorm">The most that the norm may be; infinite if gradients are not clipped.</param>
/// <param name="LossScale">Where the loss scale lies; 0 if there is none.</param>
/// <param name="Scaling">How it adapts.</param>
/// <param name="Bit">The bit of the step.</param>
/// <param name="IsReported">Whether the host is to know the check.</param>
internal readonly record struct GradientNormRequest(double Order, float MaxNorm, nint LossScale, LossScaling Scaling, int Bit, bool IsReported)
{
    /// <summary>The step.</summary>
    public DeviceStep Step { get => field ?? DeviceStep.AtOnce; init; }

    /// <summary>Is called with what was accumulated of each chunk, doubles in the device's memory, before that is folded; null for nothing.</summary>
    public Action<nint, int>? Exchange { get; init; }
}
