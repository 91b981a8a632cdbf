namespace GpuOptim.Host;

/// <summary>A device that this machine has and <see cref="Device.Open"/> can open.</summary>
/// <param name="Name">The name to open it by.</param>
/// <param name="Description">What it is, for people.</param>
public sealed record DeviceInfo(string Name, string Description);
