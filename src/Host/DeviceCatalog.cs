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
            List<DeviceInfo> all = [new(SimdDevice.DeviceName, SimdDevice.Describe(SimdDevice.VectorWidths[0], Environment.ProcessorCount))];
#if ILGPU
            if (System.Runtime.CompilerServices.RuntimeFeature.IsDynamicCodeSupported)
            {
                if (Ilgpu.IlgpuDevice.CudaDescription is { } cuda)
                    all.Insert(0, new(Ilgpu.IlgpuDevice.CudaName, cuda));
                all.Add(new(Ilgpu.IlgpuDevice.CpuName, Ilgpu.IlgpuDevice.CpuDescription));
            }
#endif
            return all;
        }
    }

    public static Device Open(string? name, ILoggerFactory? loggerFactory)
    {
        var source = "name";
        if (name is null && Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } chosen)
            (name, source) = (chosen, Variable);
        name ??= Verified[0].Name;

        if (name.Equals(SimdDevice.DeviceName, StringComparison.OrdinalIgnoreCase))
            return new SimdDevice();
#if ILGPU
        if (System.Runtime.CompilerServices.RuntimeFeature.IsDynamicCodeSupported)
        {
            if (name.Equals(Ilgpu.IlgpuDevice.CpuName, StringComparison.OrdinalIgnoreCase))
                return Ilgpu.IlgpuDevice.OpenCpu(loggerFactory);
            if (name.Equals(Ilgpu.IlgpuDevice.AnyName, StringComparison.OrdinalIgnoreCase))
                return Ilgpu.IlgpuDevice.Open(loggerFactory);
            if (name.Equals(Ilgpu.IlgpuDevice.CudaName, StringComparison.OrdinalIgnoreCase) && Ilgpu.IlgpuDevice.CudaDescription is not null)
                return Ilgpu.IlgpuDevice.OpenCuda(loggerFactory);
            if (name.Equals(Ilgpu.IlgpuDevice.OpenCLName, StringComparison.OrdinalIgnoreCase) && Ilgpu.IlgpuDevice.OpenCLDescription is not null)
                return Ilgpu.IlgpuDevice.OpenOpenCL(loggerFactory);
        }
#endif
        throw new ArgumentException($"{source} must be a device of this machine: {string.Join(", ", All.Select(device => device.Name))}. Actual value was '{name}'.", nameof(name));
    }
}
