namespace VirtualCard.Execution;

/// <summary>A cp.async that was executed: what its lanes will find in shared memory once they have waited.</summary>
internal sealed class PendingCopy
{
    public const int MaxSize = 16;

    /// <summary>The lanes whose data is in flight.</summary>
    public uint Lanes { get; set; }

    /// <summary>How many groups the lanes had committed before.</summary>
    public int Group { get; set; }

    public long Number { get; set; }

    public int Size { get; set; }

    public int Line { get; set; }


    /// <summary>From the start of shared memory, for each lane.</summary>
    public uint[] Offsets { get; } = new uint[Execution.Lanes.Count];

    public byte[] Data { get; } = new byte[Execution.Lanes.Count * MaxSize];
}
