namespace VirtualCard.Execution;

/// <summary>What a launch did.</summary>
public sealed class Statistics
{
    public required string Kernel { get; init; }

    public long Threads { get; internal set; }

    /// <summary>Executed instructions by opcode, for each thread.</summary>
    public SortedDictionary<string, long> ThreadInstructions { get; } = new(StringComparer.Ordinal);

    /// <summary>Executed instructions by opcode, for each warp.</summary>
    public SortedDictionary<string, long> WarpInstructions { get; } = new(StringComparer.Ordinal);

    /// <summary>Bytes that threads asked for.</summary>
    public long GlobalLoadBytes { get; internal set; }

    public long GlobalStoreBytes { get; internal set; }

    /// <summary>Sectors of 32 bytes, summed over accesses of warps.</summary>
    public long GlobalLoadSectors { get; internal set; }

    public long GlobalStoreSectors { get; internal set; }

    /// <summary>Accesses of warps.</summary>
    public long GlobalLoadRequests { get; internal set; }

    public long GlobalStoreRequests { get; internal set; }

    /// <summary>Distinct sectors of the launch: what a perfect cache would move.</summary>
    public long DistinctLoadSectors { get; internal set; }

    public long DistinctStoreSectors { get; internal set; }

    /// <summary>Atomics of threads.</summary>
    public long GlobalAtomics { get; internal set; }

    public long SharedAtomics { get; internal set; }

    /// <summary>Accesses of warps to shared memory.</summary>
    public long SharedRequests { get; internal set; }

    /// <summary>Passes of those accesses through the banks.</summary>
    public long SharedWavefronts { get; internal set; }

    /// <summary>The same without a conflict.</summary>
    public long SharedWavefrontsIdeal { get; internal set; }

    public long SharedLoadBytes { get; internal set; }

    public long SharedStoreBytes { get; internal set; }

    public long LocalLoadBytes { get; internal set; }

    public long LocalStoreBytes { get; internal set; }

    public long CpAsyncBytes { get; internal set; }

    public long BulkBytes { get; internal set; }

    /// <summary>mma of warps, wgmma of warpgroups.</summary>
    public long Mma { get; internal set; }

    public long Wgmma { get; internal set; }

    /// <summary>2 m n k of each.</summary>
    public long MmaFlops { get; internal set; }

    /// <summary>Barriers that blocks passed.</summary>
    public long Barriers { get; internal set; }

    /// <summary>Static and dynamic.</summary>
    public int SharedBytes { get; internal set; }

    /// <summary>The first races, one of each pair of lines.</summary>
    public List<Race> Races { get; } = [];

    /// <summary>Of bytes.</summary>
    public long RaceCount { get; internal set; }

    /// <summary>Reads of shared bytes that nobody has written.</summary>
    public List<string> UninitializedShared { get; } = [];

    public List<string> Warnings { get; } = [];

    internal void AddWarning(string warning)
    {
        const int Limit = 100;
        if (Warnings.Count < Limit && !Warnings.Contains(warning))
            Warnings.Add(warning);
    }

    /// <summary>Adds what another worker of the same launch did.</summary>
    internal void Add(Statistics other)
    {
        GlobalLoadBytes += other.GlobalLoadBytes;
        GlobalStoreBytes += other.GlobalStoreBytes;
        GlobalLoadSectors += other.GlobalLoadSectors;
        GlobalStoreSectors += other.GlobalStoreSectors;
        GlobalLoadRequests += other.GlobalLoadRequests;
        GlobalStoreRequests += other.GlobalStoreRequests;
        GlobalAtomics += other.GlobalAtomics;
        SharedAtomics += other.SharedAtomics;
        SharedRequests += other.SharedRequests;
        SharedWavefronts += other.SharedWavefronts;
        SharedWavefrontsIdeal += other.SharedWavefrontsIdeal;
        SharedLoadBytes += other.SharedLoadBytes;
        SharedStoreBytes += other.SharedStoreBytes;
        LocalLoadBytes += other.LocalLoadBytes;
        LocalStoreBytes += other.LocalStoreBytes;
        CpAsyncBytes += other.CpAsyncBytes;
        BulkBytes += other.BulkBytes;
        Mma += other.Mma;
        Wgmma += other.Wgmma;
        MmaFlops += other.MmaFlops;
        Barriers += other.Barriers;
        Races.AddRange(other.Races);
        RaceCount += other.RaceCount;
        UninitializedShared.AddRange(other.UninitializedShared);
        foreach (var warning in other.Warnings)
            AddWarning(warning);
    }

    public long SharedConflicts => SharedWavefronts - SharedWavefrontsIdeal;

    /// <summary>Requested bytes over those of the touched sectors.</summary>
    public double LoadEfficiency => GlobalLoadSectors == 0 ? 1 : GlobalLoadBytes / (32.0 * GlobalLoadSectors);

    public double StoreEfficiency => GlobalStoreSectors == 0 ? 1 : GlobalStoreBytes / (32.0 * GlobalStoreSectors);
}
