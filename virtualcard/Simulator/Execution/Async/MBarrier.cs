namespace VirtualCard.Execution.Async;

/// <summary>An object in shared memory that counts arrivals and bytes. A phase is complete when none are missing.</summary>
/// <param name="thread">Who initialized it.</param>
/// <param name="born">When.</param>
internal sealed class MBarrier(uint offset, long count, int thread, uint born)
{
    public uint Offset => offset;

    public int Thread => thread;

    public uint Born => born;

    /// <summary>Arrivals of each phase.</summary>
    public long Count { get; set; } = count;

    /// <summary>Arrivals that are missing.</summary>
    public long Pending { get; set; } = count;

    /// <summary>Bytes that are missing.</summary>
    public long Bytes { get; set; }

    public long Phase { get; set; }

    /// <summary>The warps of which threads arrived in this phase.</summary>
    public uint Arrived { get; set; }

    public override string ToString() => $"phase {Phase}, {Pending} of {Count} arrivals and {Bytes} bytes missing";
}
