namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>An array that a kernel takes, as an address or as an address and a length.</summary>
internal interface IDeviceArray
{
    ulong Address { get; }

    long Length { get; }
}
