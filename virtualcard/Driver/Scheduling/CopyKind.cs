namespace VirtualCard.Driver.Scheduling;

/// <summary>From where to where a copy goes; the order of the counters.</summary>
internal enum CopyKind
{
    HostToDevice,
    DeviceToHost,
    DeviceToDevice,
    HostToHost,
}
