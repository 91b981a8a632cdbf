using System.Runtime.InteropServices;
using VirtualCard.Memory;

namespace VirtualCard.Execution.Async;

/// <summary>
/// cp.async.bulk between global and shared memory. A load leaves poison until a thread waits for the mbarrier that it signals. A store moves its
/// data when issued, and its source must stay as it is until a wait_group covers it.
/// </summary>
internal sealed unsafe class BulkCopies(AsyncUnits units)
{
    public const int Granule = 16;

    private const string Name = "cp.async.bulk";

    // By thread.
    private readonly int[] _commits = new int[units.Runner.WarpCount * Lanes.Count];

    private readonly List<Store> _stores = [];

    public bool HasStores => _stores.Count > 0;

    /// <summary>A block starts.</summary>
    public void Start()
    {
        Array.Clear(_commits);
        _stores.Clear();
    }

    /// <summary>Begins to write data to pieces of shared memory.</summary>
    /// <param name="granules">Offsets from the start of shared memory.</param>
    /// <param name="barrier">The mbarrier that is told so.</param>
    public void Load(Warp warp, int lane, uint[] granules, byte[] data, uint barrier, int line)
    {
        var runner = units.Runner;
        var hold = units.Proxy.BeginWrite(warp, lane, granules, Name, line);
        foreach (var granule in granules)
        {
            runner.Races?.Write(warp, lane, granule, Granule, line, isAsynchronous: true);
            MemoryMarshal.Cast<byte, ushort>(new Span<byte>(runner.Shared + granule, Granule)).Fill(AddressSpace.Poison);
        }
        units.Barriers.Add(new(units.Barriers.Find(warp, lane, barrier), data, hold));
        runner.Statistics.BulkBytes += data.Length;
    }

    /// <summary>The data of a load is there.</summary>
    public void Land(BulkLoad load)
    {
        var runner = units.Runner;
        var data = load.Data.AsSpan();
        foreach (var granule in load.Hold.Granules)
        {
            data[..Granule].CopyTo(new(runner.Shared + granule, Granule));
            data = data[Granule..];
            runner.Races?.Forget(granule, Granule);
        }
        units.Proxy.EndWrite(load.Hold);
    }

    /// <summary>Reads pieces of shared memory for a store.</summary>
    public byte[] ReadForStore(Warp warp, int lane, uint[] granules, int line)
    {
        var runner = units.Runner;
        var thread = warp.Index * Lanes.Count + lane;
        var hold = units.Proxy.BeginRead(warp, granules, thread..(thread + 1), Name, line);
        _stores.Add(new(thread, _commits[thread], hold));
        var data = GC.AllocateUninitializedArray<byte>(granules.Length * Granule);
        for (var i = 0; i < granules.Length; i++)
        {
            runner.Races?.Read(warp, lane, granules[i], Granule, line);
            new ReadOnlySpan<byte>(runner.Shared + granules[i], Granule).CopyTo(data.AsSpan(i * Granule));
        }
        runner.Statistics.BulkBytes += data.Length;
        return data;
    }

    /// <summary>Closes a group of the active threads' stores.</summary>
    public void Commit(Warp warp)
    {
        for (var rest = warp.Active; rest != 0;)
            _commits[warp.Index * Lanes.Count + Lanes.Next(ref rest)]++;
    }

    /// <summary>Waits for the stores of the active threads but those of the last groups.</summary>
    public void Wait(Warp warp, int pending)
    {
        for (var i = 0; i < _stores.Count;)
        {
            var (thread, group, hold) = _stores[i];
            if (thread / Lanes.Count != warp.Index || (warp.Active >> thread % Lanes.Count & 1) == 0 || group >= _commits[thread] - pending)
            {
                i++;
                continue;
            }
            units.Proxy.EndRead(hold);
            _stores.RemoveAt(i);
        }
    }

    /// <param name="Group">Groups that the thread had committed before.</param>
    private readonly record struct Store(int Thread, int Group, Hold Hold);
}
