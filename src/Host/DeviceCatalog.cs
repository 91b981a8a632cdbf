namespace GpuOptim.Host;

/// <summary>The one place that lists the devices there are.</summary>
internal static class DeviceCatalog
{
    public const string Variable = "GPUOPTIM_DEVICE";

    public static IReadOnlyList<DeviceInfo> All =>
    [
        new(SimdDevice.DeviceName, SimdDevice.Describe(SimdDevice.VectorWidths[0], Environment.ProcessorCount)),
#if ILGPU
        new(Ilgpu.IlgpuDevice.CpuName, Ilgpu.IlgpuDevice.CpuDescription),
#endif
    ];

    public static Device Open(string? name)
    {
        var source = "name";
        if (name is null && Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } chosen)
            (name, source) = (chosen, Variable);
        name ??= All[0].Name;

        if (name.Equals(SimdDevice.DeviceName, StringComparison.OrdinalIgnoreCase))
            return new SimdDevice();
#if ILGPU
        if (name.Equals(Ilgpu.IlgpuDevice.CpuName, StringComparison.OrdinalIgnoreCase))
            return Ilgpu.IlgpuDevice.OpenCpu();
#endif
        throw new ArgumentException($"{source} must be a device of this machine: {string.Join(", ", All.Select(device => device.Name))}. Actual value was '{name}'.", nameof(name));
    }
}
