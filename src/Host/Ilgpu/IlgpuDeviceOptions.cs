using Microsoft.Extensions.Logging;

namespace GpuOptim.Host.Ilgpu;

/// <summary>How an <see cref="IlgpuDevice"/> works.</summary>
public sealed record IlgpuDeviceOptions
{
    /// <summary>Whether products of bfloat16 and float16 matrices run on tensor cores where there are any: true unless set. See <see cref="IlgpuDevice.UseTensorCores"/>.</summary>
    public bool UseTensorCores { get; init; } = true;

    /// <summary>Whether steps are launched as graphs of CUDA's: false unless set. See <see cref="IlgpuDevice.UseGraphs"/>.</summary>
    public bool UseGraphs { get; init; }

    /// <summary>Makes the logger, category <c>GpuOptim</c>, of kernels that are compiled and steps that are skipped; null for none.</summary>
    public ILoggerFactory? LoggerFactory { get; init; }
}
