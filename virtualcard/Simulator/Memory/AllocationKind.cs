namespace VirtualCard.Memory;

/// <summary>Whose memory it is.</summary>
public enum AllocationKind
{
    /// <summary>The card's own. Its addresses are not the host's: the host cannot follow them.</summary>
    Device,

    /// <summary>Page-locked memory of the host, which kernels reach at the host's address.</summary>
    Host,
}
