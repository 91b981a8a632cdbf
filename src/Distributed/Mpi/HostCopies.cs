using GpuOptim.Host;

namespace GpuOptim.Distributed.Mpi;

/// <summary>Copies between a device and the host's memory, of any length.</summary>
internal static unsafe class HostCopies
{
    // What a span can have.
    private const int MaxLength = 1 << 30;

    public static void ToHost(Device device, nint source, nint destination, long bytes)
    {
        for (long start = 0; start < bytes; start += MaxLength)
            device.CopyToHost(source + (nint)start, new Span<byte>((void*)(destination + (nint)start), (int)Math.Min(MaxLength, bytes - start)));
    }

    public static void ToDevice(Device device, nint source, nint destination, long bytes)
    {
        for (long start = 0; start < bytes; start += MaxLength)
            device.CopyFromHost(new ReadOnlySpan<byte>((void*)(source + (nint)start), (int)Math.Min(MaxLength, bytes - start)), destination + (nint)start);
    }
}
