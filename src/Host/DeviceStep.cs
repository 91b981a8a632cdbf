namespace GpuOptim.Host;

/// <summary>
/// A step as a device sees it: from <see cref="Begin"/> to <see cref="End"/> it gathers what the step's calls ask, and then does it. A device that does
/// at once what it is asked has nothing to gather.
/// </summary>
internal class DeviceStep : IDisposable
{
    /// <summary>For devices that do at once what they are asked.</summary>
    public static DeviceStep AtOnce { get; } = new();

    /// <summary>Begins a step. What one that did not come to its end has gathered is forgotten.</summary>
    public virtual void Begin()
    {
    }

    /// <summary>Has the device do what was gathered; it need not be done when this returns.</summary>
    public virtual void End()
    {
    }

    public virtual void Dispose()
    {
    }
}
