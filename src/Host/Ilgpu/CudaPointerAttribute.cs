namespace GpuOptim.Host.Ilgpu;

/// <summary>What CUDA's driver can be asked about an address; the numbers are the driver's.</summary>
internal enum CudaPointerAttribute
{
    /// <summary>The context that it was allocated in; none of memory that belongs to no context.</summary>
    Context = 1,

    /// <summary>Where it lies: 1 in the host's memory, 2 on a device.</summary>
    MemoryType = 2,

    /// <summary>The number of the device.</summary>
    DeviceOrdinal = 9,
}
