using System.Diagnostics.Metrics;
using GpuOptim.Kernels.Scaling;
using Microsoft.Extensions.Logging;

namespace GpuOptim.Host;

/// <summary>
/// What the library tells who listens: the meter <c>GpuOptim</c>, and events of the logger that a device was opened with. Nobody listening, it costs
/// a comparison.
/// </summary>
internal static partial class Telemetry
{
    public const string MeterName = "GpuOptim";

    private static readonly Meter _meter = new(MeterName);
    private static readonly Counter<long> _steps = _meter.CreateCounter<long>("gpuoptim.steps", "{step}", "Steps of optimizers");
    private static readonly Counter<long> _launches = _meter.CreateCounter<long>("gpuoptim.launches", "{launch}", "Kernels launched, or passes over tensors on the CPU");
    private static readonly Counter<long> _bytes = _meter.CreateCounter<long>("gpuoptim.copied", "By", "Bytes copied between host and device");

    private static readonly Counter<long> _skips = _meter.CreateCounter<long>("gpuoptim.skipped_steps", "{step}", "Steps skipped because a gradient was not finite");
    private static readonly Histogram<double> _norms = _meter.CreateHistogram<double>("gpuoptim.gradient_norm", null, "Norm of all gradients of a step, where it is taken and finite");

    /// <summary>Whether anyone wants to know norms of gradients.</summary>
    public static bool ListensToNorms => _norms.Enabled;

    /// <summary>A step of an optimizer.</summary>
    public static void Step(object optimizer)
    {
        if (_steps.Enabled)
            _steps.Add(1, new KeyValuePair<string, object?>("optimizer", optimizer.GetType().Name));
    }

    /// <summary>What became of a step of an optimizer.</summary>
    public static void StepChecked(object optimizer, ILogger? logger, in GradientCheck check)
    {
        if (_norms.Enabled && double.IsFinite(check.Norm))
            _norms.Record(check.Norm, new KeyValuePair<string, object?>("optimizer", optimizer.GetType().Name));
        if (check.FoundInf == 0)
            return;
        if (_skips.Enabled)
            _skips.Add(1, new KeyValuePair<string, object?>("optimizer", optimizer.GetType().Name));
        if (logger is not null && logger.IsEnabled(LogLevel.Information))
            StepSkipped(logger, optimizer.GetType().Name, 1 / check.InverseScale);
    }

    /// <summary>A launch on a device.</summary>
    public static void Launch(string device)
    {
        if (_launches.Enabled)
            _launches.Add(1, new KeyValuePair<string, object?>("device", device));
    }

    /// <summary>Bytes copied to a device, or from it.</summary>
    public static void Copy(string device, string direction, long bytes)
    {
        if (_bytes.Enabled)
            _bytes.Add(bytes, new("device", device), new("direction", direction));
    }

    [LoggerMessage(EventId = 4, EventName = "DeviceFailed", Level = LogLevel.Warning, Message = "Device {Device} could not be opened; the next one is taken")]
    public static partial void DeviceFailed(ILogger logger, Exception failure, string device);

    [LoggerMessage(EventId = 1, EventName = "DeviceOpened", Level = LogLevel.Information, Message = "Opened device {Device}: {Description}")]
    public static partial void DeviceOpened(ILogger logger, string device, string description);

    [LoggerMessage(EventId = 2, EventName = "KernelCompiled", Level = LogLevel.Debug, Message = "Compiled kernel {Kernel} for {Accelerator} in {Milliseconds} ms")]
    public static partial void KernelCompiled(ILogger logger, string kernel, string accelerator, double milliseconds);

    [LoggerMessage(EventId = 3, EventName = "StepSkipped", Level = LogLevel.Information, Message = "Skipped a step of {Optimizer}: a gradient is not finite at loss scale {Scale}")]
    public static partial void StepSkipped(ILogger logger, string optimizer, float scale);
}
