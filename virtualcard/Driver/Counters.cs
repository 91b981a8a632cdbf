using System.Runtime.InteropServices;

namespace VirtualCard.Driver;

/// <summary>What was called and moved, in the order of <c>vcCounters</c>.</summary>
internal sealed class Counters
{
    private readonly Dictionary<string, long> _byName = new(StringComparer.Ordinal);

    public long Calls { get; private set; }

    public long Launches { get; set; }

    public long GraphLaunches { get; set; }

    /// <summary>Copies by kind, and behind them their bytes.</summary>
    public long[] Copies { get; } = new long[4];

    public long[] CopiedBytes { get; } = new long[4];

    public long Fills { get; set; }

    public long FilledBytes { get; set; }

    /// <summary>Calls in which the host waited, or that wait by nature.</summary>
    public long Synchronizing { get; set; }

    public long Allocations { get; set; }

    /// <summary>Most bytes of device memory at once, all cards together.</summary>
    public long PeakBytes { get; set; }

    /// <summary>Pieces of queued work that have run.</summary>
    public long Executed { get; set; }

    public IEnumerable<KeyValuePair<string, long>> ByName => _byName;

    public void Count(string call)
    {
        Calls++;
        CollectionsMarshal.GetValueRefOrAddDefault(_byName, call, out _)++;
    }

    public long CallsOf(string name) => _byName.GetValueOrDefault(name);

    /// <summary>All as numbers: calls, launches, graph launches; copies host to device, device to host, device to device, host to host; their bytes;
    /// memsets and their bytes; synchronizing calls; allocations; bytes of device memory now and at most; page-locked bytes; work that waits; work that has run.</summary>
    public long[] ToArray() =>
    [
        Calls, Launches, GraphLaunches, .. Copies, .. CopiedBytes, Fills, FilledBytes, Synchronizing, Allocations,
        Machine.Cards.Sum(card => card.UsedBytes), PeakBytes, Machine.HostMemory.PageLockedBytes, Machine.Scheduler.PendingCount, Executed,
    ];
}
