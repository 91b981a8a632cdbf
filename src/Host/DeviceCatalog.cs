using System.Runtime.CompilerServices;
using GpuOptim.Host.Ilgpu;
using Microsoft.Extensions.Logging;

namespace GpuOptim.Host;

/// <summary>The one place that lists the devices there are.</summary>
internal static class DeviceCatalog
{
    public const string Variable = "GPUOPTIM_DEVICE";

    public static IReadOnlyList<DeviceInfo> All
    {
        get
        {
            var all = Verified;
            if (RuntimeFeature.IsDynamicCodeSupported && IlgpuDevice.OpenCLDescription is { } openCL)
                all.Add(new(IlgpuDevice.OpenCLName, openCL));
            return all;
        }
    }

    /// <summary>Those of which the first is opened if none is named; to look for the others loads their drivers.</summary>
    private static List<DeviceInfo> Verified
    {
        get
        {
            var simd = SimdDevice.Describe(SimdDevice.VectorWidths[0], Environment.ProcessorCount);
            if (RuntimeFeature.IsDynamicCodeSupported)
            {
                DeviceInfo ilgpuCpu = new(IlgpuDevice.CpuName, IlgpuDevice.CpuDescription);
                if (IlgpuDevice.CudaDevices is { Count: > 0 } cards)
                    return [.. cards, new(SimdDevice.DeviceName, simd), ilgpuCpu];
                return [new(SimdDevice.DeviceName, IlgpuDevice.CudaFailure is { } failure ? $"{simd}; no CUDA device: {failure}" : simd), ilgpuCpu];
            }
            return [new(SimdDevice.DeviceName, simd)];
        }
    }

    public static Device Open(string? name, ILoggerFactory? loggerFactory)
    {
        var source = "name";
        if (name is null && Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } chosen)
            (name, source) = (chosen, Variable);
        if (name is null)
            return OpenFirst(Verified.Select(info => (info.Name, (Func<Device>)(() => OpenNamed(info.Name, loggerFactory)!))), loggerFactory);
        return OpenNamed(name, loggerFactory)
            ?? throw new ArgumentException($"{source} must be a device of this machine: {string.Join(", ", All.Select(device => device.Name))}. Actual value was '{name}'.{WhyNot(name)}", nameof(name));
    }

    /// <summary>Opens the first device that can be opened; why one cannot is logged.</summary>
    internal static Device OpenFirst(IEnumerable<(string Name, Func<Device> Open)> devices, ILoggerFactory? loggerFactory)
    {
        foreach (var (name, open) in devices)
        {
            try
            {
                return open();
            }
            // A card that is listed and does not start, since it is taken or its driver is broken, must not keep a program from running.
            catch (Exception failure) when (name != SimdDevice.DeviceName)
            {
                if (loggerFactory?.CreateLogger(Telemetry.MeterName) is { } logger)
                    Telemetry.DeviceFailed(logger, failure, name);
            }
        }
        return new SimdDevice();
    }

    private static Device? OpenNamed(string name, ILoggerFactory? loggerFactory)
    {
        bool Is(string other) => name.Equals(other, StringComparison.OrdinalIgnoreCase);
        if (Is(SimdDevice.DeviceName))
            return new SimdDevice();
        if (RuntimeFeature.IsDynamicCodeSupported)
        {
            if (Is(IlgpuDevice.CpuName))
                return IlgpuDevice.OpenCpu(new() { LoggerFactory = loggerFactory });
            if (Is(IlgpuDevice.AnyName))
                return IlgpuDevice.Open(new() { LoggerFactory = loggerFactory });
            for (var card = 0; card < IlgpuDevice.CudaDevices.Count; card++)
            {
                if (Is(IlgpuDevice.CudaDevices[card].Name) || Is($"{IlgpuDevice.CudaName}:{card}"))
                    return IlgpuDevice.OpenCuda(new() { LoggerFactory = loggerFactory }, card);
            }
            if (Is(IlgpuDevice.OpenCLName) && IlgpuDevice.OpenCLDescription is not null)
                return IlgpuDevice.OpenOpenCL(new() { LoggerFactory = loggerFactory });
        }
        return null;
    }

    /// <summary>Why a device that there could be is not there, as far as that is known.</summary>
    private static string WhyNot(string name)
    {
        if (RuntimeFeature.IsDynamicCodeSupported && name.Equals(IlgpuDevice.CudaName, StringComparison.OrdinalIgnoreCase) && IlgpuDevice.CudaFailure is { } failure)
            return $" There is a CUDA driver, but {failure}.";
        return "";
    }
}
