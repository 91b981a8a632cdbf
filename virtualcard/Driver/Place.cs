using VirtualCard.Memory;

namespace VirtualCard.Driver;

/// <summary>A range of addresses that a copy or a memset uses.</summary>
internal readonly unsafe struct Place
{
    private Place(ulong address, Allocation? allocation) => (Address, Allocation) = (address, allocation);

    public ulong Address { get; }

    /// <summary>What it lies in; null for memory of the host that is not page-locked.</summary>
    public Allocation? Allocation { get; }

    public bool IsDevice => Allocation?.Kind == AllocationKind.Device;

    public bool IsPageLocked => Allocation?.Kind == AllocationKind.Host;

    public bool IsPageable => Allocation is null;

    public long Offset => Allocation is null ? 0 : (long)(Address - Allocation.Start);

    public byte* Data => Allocation is null ? (byte*)Address : Allocation.Data + Offset;

    /// <summary>Finds out what a range lies in.</summary>
    /// <exception cref="DriverException">Not all of it lies in one allocation, or it was freed.</exception>
    public static Place Find(ulong address, ulong bytes, string role)
    {
        if (address == 0)
            throw new DriverException(Result.InvalidValue, $"the {role} is null");
        if (Machine.Memory.Find(address) is { } allocation)
        {
            return bytes <= allocation.End - address ? new(address, allocation)
                : throw new DriverException(Result.InvalidValue, $"the {role}, {bytes} bytes at {allocation.Name}+{address - allocation.Start}, ends {address + bytes - allocation.End} bytes past the end");
        }
        if (Machine.HostMemory.FindFreed(address) is { } freed)
            throw new DriverException(Result.InvalidValue, $"the {role} is {freed}");
        // Addresses of devices, and null plus something.
        if (address >= Allocation.DeviceWindow || address < 4096)
            throw new DriverException(Result.InvalidValue, $"the {role} 0x{address:x} is {Machine.Memory.Describe(address)}");
        return bytes > 0 && Machine.Memory.Find(address + bytes - 1) is { } other
            ? throw new DriverException(Result.InvalidValue, $"the {role}, {bytes} bytes at 0x{address:x}, begins before {other.Name} and ends in it")
            : new(address, null);
    }

    public override string ToString() => Allocation is null ? $"0x{Address:x}" : $"{Allocation.Name}+{Offset}";
}
