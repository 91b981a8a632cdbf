namespace VirtualCard.Driver.Scheduling;

/// <summary>Where a stream comes from.</summary>
internal enum StreamRole
{
    Created,

    /// <summary>Stream 0: waits for all blocking streams of the context, which wait for it.</summary>
    Legacy,

    /// <summary>The default stream of a thread.</summary>
    Thread,
}
