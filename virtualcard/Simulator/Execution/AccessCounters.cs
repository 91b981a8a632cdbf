using System.Numerics;
using VirtualCard.Memory;

namespace VirtualCard.Execution;

/// <summary>Counts what accesses cost: sectors of global memory, passes through the banks of shared memory.</summary>
/// <param name="touched">The allocations whose sectors were marked, of all workers.</param>
internal sealed unsafe class AccessCounters(Statistics statistics, HashSet<Allocation> touched)
{
    public const int SectorBytes = 32;

    private const int Banks = 32;

    private readonly ulong[] _sectors = new ulong[4 * Lanes.Count];

    /// <summary>An access of a warp to global memory whose lanes lie one behind the other.</summary>
    public void Contiguous(Allocation allocation, ulong address, int bytes, bool isStore)
    {
        var first = address / SectorBytes;
        var last = (address + (uint)bytes - 1) / SectorBytes;
        Mark(allocation, address, bytes, isStore);
        Add(bytes, (long)(last - first + 1), isStore);
    }

    /// <summary>An access of a warp to global memory.</summary>
    /// <param name="size">Bytes of each lane.</param>
    public void Scattered(ulong* addresses, uint lanes, int size, bool isStore)
    {
        var count = 0;
        for (var rest = lanes; rest != 0;)
        {
            var address = addresses[Lanes.Next(ref rest)];
            for (var sector = address / SectorBytes; sector <= (address + (uint)size - 1) / SectorBytes; sector++)
                _sectors[count++] = sector;
        }
        var sectors = _sectors.AsSpan(0, count);
        sectors.Sort();
        var distinct = 0;
        for (var i = 0; i < count; i++)
            distinct += i == 0 || sectors[i] != sectors[i - 1] ? 1 : 0;
        Add((long)BitOperations.PopCount(lanes) * size, distinct, isStore);
    }

    /// <summary>Marks the sectors of bytes as used.</summary>
    public void Mark(Allocation allocation, ulong address, int bytes, bool isStore)
    {
        var sectors = allocation.Sectors;
        if (sectors is null)
        {
            lock (touched)
            {
                // Two bytes each, for loads and for stores: workers that write the same have no need to wait for each other.
                sectors = allocation.Sectors ??= new byte[2 * ((allocation.Start % SectorBytes + (ulong)allocation.Length + SectorBytes - 1) / SectorBytes)];
                touched.Add(allocation);
            }
        }
        var start = allocation.Start / SectorBytes;
        for (var sector = address / SectorBytes; sector <= (address + (uint)bytes - 1) / SectorBytes; sector++)
            sectors[2 * (sector - start) + (isStore ? 1u : 0)] = 1;
    }

    /// <summary>An access of a warp to shared memory.</summary>
    /// <param name="addresses">Of each lane.</param>
    /// <param name="size">Bytes of each lane.</param>
    public void Shared(ulong* addresses, uint lanes, int size, bool isStore)
    {
        // A warp is served in phases of 32 lanes, 16 with 8 bytes or 8 with 16; in each, the bank with the most words says how often.
        var words = Math.Max(1, size / 4);
        var lanesOfPhase = Lanes.Count / words;
        var perBank = stackalloc int[Banks];
        var seen = stackalloc ulong[Lanes.Count];
        for (var first = 0; first < Lanes.Count; first += lanesOfPhase)
        {
            var phase = lanesOfPhase == Lanes.Count ? lanes : lanes & (((1u << lanesOfPhase) - 1) << first);
            if (phase == 0)
                continue;
            statistics.SharedWavefrontsIdeal++;
            if (IsFree(addresses, phase, words))
            {
                statistics.SharedWavefronts++;
                continue;
            }
            new Span<int>(perBank, Banks).Clear();
            var count = 0;
            var most = 0;
            for (var rest = phase; rest != 0;)
            {
                var word = addresses[Lanes.Next(ref rest)] / 4;
                for (var i = 0; i < words; i++, word++)
                {
                    if (new ReadOnlySpan<ulong>(seen, count).Contains(word))
                        continue;
                    seen[count++] = word;
                    most = Math.Max(most, ++perBank[word % Banks]);
                }
            }
            statistics.SharedWavefronts += most;
        }
        statistics.SharedRequests++;
        var bytes = (long)BitOperations.PopCount(lanes) * size;
        if (isStore)
            statistics.SharedStoreBytes += bytes;
        else
            statistics.SharedLoadBytes += bytes;
    }

    /// <summary>Whether no bank has two words.</summary>
    private static bool IsFree(ulong* addresses, uint phase, int words)
    {
        var ofBank = stackalloc ulong[Banks];
        uint used = 0;
        for (var rest = phase; rest != 0;)
        {
            var word = addresses[Lanes.Next(ref rest)] / 4;
            for (var i = 0; i < words; i++, word++)
            {
                var bank = (int)(word % Banks);
                if ((used >> bank & 1) != 0 && ofBank[bank] != word)
                    return false;
                used |= 1u << bank;
                ofBank[bank] = word;
            }
        }
        return true;
    }

    /// <summary>Adds the distinct sectors to a launch, and forgets them.</summary>
    public static void Finish(Statistics statistics, HashSet<Allocation> touched)
    {
        foreach (var allocation in touched)
        {
            var sectors = allocation.Sectors!;
            for (var i = 0; i < sectors.Length; i += 2)
            {
                statistics.DistinctLoadSectors += sectors[i];
                statistics.DistinctStoreSectors += sectors[i + 1];
            }
            allocation.Sectors = null;
        }
    }

    /// <summary>Adds the sectors of some bytes to a list.</summary>
    public static void AddSectors(List<ulong> sectors, ulong address, int bytes)
    {
        for (var sector = address / SectorBytes; sector <= (address + (uint)bytes - 1) / SectorBytes; sector++)
            sectors.Add(sector);
    }

    /// <summary>An access to global memory that touches sectors, maybe several times.</summary>
    public void Add(long bytes, List<ulong> sectors, bool isStore) => Add(bytes, sectors.Distinct().Count(), isStore);

    private void Add(long bytes, long sectors, bool isStore)
    {
        if (isStore)
        {
            statistics.GlobalStoreBytes += bytes;
            statistics.GlobalStoreSectors += sectors;
            statistics.GlobalStoreRequests++;
        }
        else
        {
            statistics.GlobalLoadBytes += bytes;
            statistics.GlobalLoadSectors += sectors;
            statistics.GlobalLoadRequests++;
        }
    }
}
