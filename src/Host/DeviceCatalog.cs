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
#if ILGPU
            if (System.Runtime.CompilerServices.RuntimeFeature.IsDynamicCodeSupported && Ilgpu.IlgpuDevice.OpenCLDescription is { } openCL)
                all.Add(new(Ilgpu.IlgpuDevice.OpenCLName, openCL));
#endif
            return all;
        }
    }

    /// <summary>Those of which the first is opened if none is named; to look for the others loads their drivers.</summary>
    private static List<DeviceInfo> Verified
    {
        get
        {
            var simd = SimdDevice.Describe(SimdDevice.VectorWidths[0], Environment.ProcessorCount);
#if ILGPU
            if (System.Runtime.CompilerServices.RuntimeFeature.IsDynamicCodeSupported)
            {
                DeviceInfo ilgpuCpu = new(Ilgpu.IlgpuDevice.CpuName, Ilgpu.IlgpuDevice.CpuDescription);
                if (Ilgpu.IlgpuDevice.CudaDescription is { } cuda)
                    return [new(Ilgpu.IlgpuDevice.CudaName, cuda), new(SimdDevice.DeviceName, simd), ilgpuCpu];
                return [new(SimdDevice.DeviceName, Ilgpu.IlgpuDevice.CudaFailure is { } failure ? $"{simd}; no CUDA device: {failure}" : simd), ilgpuCpu];
            }
#endif
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
#if ILGPU
        if (System.Runtime.CompilerServices.RuntimeFeature.IsDynamicCodeSupported)
        {
            if (Is(Ilgpu.IlgpuDevice.CpuName))
                return Ilgpu.IlgpuDevice.OpenCpu(loggerFactory);
            if (Is(Ilgpu.IlgpuDevice.AnyName))
                return Ilgpu.IlgpuDevice.Open(loggerFactory);
            if (Is(Ilgpu.IlgpuDevice.CudaName) && Ilgpu.IlgpuDevice.CudaDescription is not null)
                return Ilgpu.IlgpuDevice.OpenCuda(loggerFactory);
            if (Is(Ilgpu.IlgpuDevice.OpenCLName) && Ilgpu.IlgpuDevice.OpenCLDescription is not null)
                return Ilgpu.IlgpuDevice.OpenOpenCL(loggerFactory);
        }
#endif
        return null;
    }

    /// <summary>Why a device that there could be is not there, as far as that is known.</summary>
    private static string WhyNot(string name)
    {
#if ILGPU
        if (System.Runtime.CompilerServices.RuntimeFeature.IsDynamicCodeSupported && name.Equals(Ilgpu.IlgpuDevice.CudaName, StringComparison.OrdinalIgnoreCase) && Ilgpu.IlgpuDevice.CudaFailure is { } failure)
            return $" There is a CUDA driver, but {failure}.";
#endif
        return "";
    }
}
