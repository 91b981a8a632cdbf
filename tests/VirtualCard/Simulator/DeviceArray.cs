using System.Runtime.CompilerServices;
using VirtualCard.Memory;

namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>Numbers in the card's memory.</summary>
internal sealed unsafe class DeviceArray<T>(AddressSpace memory, Allocation allocation, int start = 0) : IDeviceArray where T : unmanaged
{
    public ulong Address => allocation.Start + (ulong)start;

    public long Length => (allocation.Length - start) / Unsafe.SizeOf<T>();

    public T[] Read() => Read<T>();

    /// <summary>The same bytes as numbers of another type.</summary>
    public TOther[] Read<TOther>() where TOther : unmanaged => new ReadOnlySpan<TOther>(allocation.Data + start, (int)((allocation.Length - start) / Unsafe.SizeOf<TOther>())).ToArray();

    /// <summary>What lies behind so many bytes.</summary>
    public DeviceArray<T> From(int bytes) => new(memory, allocation, start + bytes);

    /// <summary>Address and length, as ILGPU hands a view to a kernel.</summary>
    public byte[] View(long length) => [.. BitConverter.GetBytes(Address), .. BitConverter.GetBytes(length)];

    public void Free() => memory.Remove(allocation);
}
