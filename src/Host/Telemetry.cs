using System.Diagnostics.Metrics;
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

    /// <summary>A step of an optimizer.</summary>
    public static void Step(object optimizer)
    {
        if (_steps.Enabled)
            _steps.Add(1, new KeyValuePair<string, object?>("optimizer", optimizer.GetType().Name));
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

    [LoggerMessage(EventId = 1, EventName = "DeviceOpened", Level = LogLevel.Information, Message = "Opened device {Device}: {Description}")]
    public static partial void DeviceOpened(ILogger logger, string device, string description);

    [LoggerMessage(EventId = 2, EventName = "KernelCompiled", Level = LogLevel.Debug, Message = "Compiled kernel {Kernel} for {Accelerator} in {Milliseconds} ms")]
    public static partial void KernelCompiled(ILogger logger, string kernel, string accelerator, double milliseconds);
}
